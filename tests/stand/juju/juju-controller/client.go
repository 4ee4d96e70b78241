package main

import (
	"os"

	"github.com/juju/errors"
	"gopkg.in/yaml.v3"

	"github.com/juju/juju/core/model"
	jujuversion "github.com/juju/juju/core/version"
	coretesting "github.com/juju/juju/internal/testing"
)

// writeClient makes a home for the juju command, which finds it by JUJU_DATA.
func writeClient(opts *options, id identity, address string) error {
	type object = map[string]any
	controllers := func(of any) object { return object{"controllers": object{controllerName: of}} }
	known := controllers(object{
		"uuid": id.controller.String(), "api-endpoints": []string{address}, "ca-cert": coretesting.CACert,
		"type": "kubernetes", "cloud": cloudName, "region": cloudRegion, "agent-version": jujuversion.Current.String()})
	known["current-controller"] = controllerName
	for name, content := range map[string]object{
		"controllers.yaml": known,
		"accounts.yaml":    controllers(object{"user": "admin", "password": id.adminPassword, "last-known-access": "superuser"}),
		"models.yaml": controllers(object{
			"models": object{
				"admin/" + model.ControllerModelName: object{"uuid": id.controllerModel.String(), "type": "caas"},
				"admin/" + opts.model:                object{"uuid": id.model.String(), "type": "caas"},
			},
			"current-model": "admin/" + opts.model,
		}),
	} {
		text, err := yaml.Marshal(content)
		if err != nil {
			return errors.Annotatef(err, "encoding %s", name)
		}
		if err := os.WriteFile(opts.path("client", name), text, 0o600); err != nil {
			return errors.Annotate(err, "writing the juju command's files")
		}
	}
	return nil
}
