package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/juju/names/v6"

	"github.com/juju/juju/agent"
	jujuversion "github.com/juju/juju/core/version"
	domainapplication "github.com/juju/juju/domain/application"
	"github.com/juju/juju/internal/services"
	coretesting "github.com/juju/juju/internal/testing"
)

// introducer does what "containeragent init" and the API's CAASApplication facade do for a new pod.
type introducer struct {
	services services.DomainServices
	identity identity
	api      string
}

// introduce registers the unit of a pod and writes the configuration of its agent.
func (i introducer) introduce(ctx context.Context, application, pod, dataDir string) error {
	unit, password, err := i.services.Application().RegisterCAASUnit(ctx,
		domainapplication.RegisterCAASUnitParams{ApplicationName: application, ProviderID: pod})
	if err != nil {
		return err
	}
	config, err := agent.NewAgentConfig(agent.AgentConfigParams{
		Paths:             agent.Paths{DataDir: dataDir, LogDir: filepath.Join(dataDir, "log")},
		Tag:               names.NewUnitTag(unit.String()),
		Controller:        names.NewControllerTag(i.identity.controller.String()),
		Model:             names.NewModelTag(i.identity.model.String()),
		APIAddresses:      []string{i.api},
		CACert:            coretesting.CACert,
		Password:          password,
		UpgradedToVersion: jujuversion.Current,
	})
	if err != nil {
		return err
	}
	text, err := config.Render()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dataDir, "log"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dataDir, "template-agent.conf"), text, 0o600)
}
