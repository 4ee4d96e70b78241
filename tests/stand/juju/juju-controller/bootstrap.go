package main

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/juju/errors"

	k8scloud "github.com/juju/juju/caas/kubernetes/cloud"
	"github.com/juju/juju/cloud"
	"github.com/juju/juju/controller"
	"github.com/juju/juju/core/credential"
	coredatabase "github.com/juju/juju/core/database"
	"github.com/juju/juju/core/model"
	"github.com/juju/juju/core/permission"
	coreuser "github.com/juju/juju/core/user"
	jujuversion "github.com/juju/juju/core/version"
	userbootstrap "github.com/juju/juju/domain/access/bootstrap"
	cloudbootstrap "github.com/juju/juju/domain/cloud/bootstrap"
	controllerbootstrap "github.com/juju/juju/domain/controller/bootstrap"
	controllerconfigbootstrap "github.com/juju/juju/domain/controllerconfig/bootstrap"
	credentialbootstrap "github.com/juju/juju/domain/credential/bootstrap"
	modeldomain "github.com/juju/juju/domain/model"
	modelbootstrap "github.com/juju/juju/domain/model/bootstrap"
	modelconfigbootstrap "github.com/juju/juju/domain/modelconfig/bootstrap"
	modeldefaultsbootstrap "github.com/juju/juju/domain/modeldefaults/bootstrap"
	backendbootstrap "github.com/juju/juju/domain/secretbackend/bootstrap"
	"github.com/juju/juju/internal/auth"
	coretesting "github.com/juju/juju/internal/testing"
	"github.com/juju/juju/internal/uuid"
)

const (
	controllerName = "stand"
	cloudName      = "kubernetes"
	cloudRegion    = "default"
)

// identity is who and what the controller has been given at its bootstrap.
type identity struct {
	controller      uuid.UUID
	controllerModel model.UUID
	model           model.UUID
	adminPassword   string
}

func newIdentity() (identity, error) {
	id := identity{adminPassword: rand.Text()}
	var err error
	// The certificates that come with Juju's tests are for the controller of this tag.
	if id.controller, err = uuid.UUIDFromString(coretesting.ControllerTag.Id()); err != nil {
		return id, errors.Annotate(err, "naming the controller")
	}
	if id.controllerModel, err = model.NewUUID(); err != nil {
		return id, errors.Annotate(err, "naming the controller's model")
	}
	if id.model, err = model.NewUUID(); err != nil {
		return id, errors.Annotate(err, "naming the model")
	}
	return id, nil
}

// bootstrap writes what "juju bootstrap" and "juju add-model" do (agent/agentbootstrap/bootstrap.go).
func bootstrap(ctx context.Context, dbs *databases, api *kubernetesAPI, id identity, modelName string, apiPort int) error {
	controllerDB, err := dbs.GetDB(ctx, coredatabase.ControllerNS)
	if err != nil {
		return err
	}
	controllerModelDB, err := dbs.GetDB(ctx, id.controllerModel.String())
	if err != nil {
		return err
	}
	config := coretesting.FakeControllerConfig()
	config[controller.APIPort] = apiPort
	config[controller.ControllerName] = controllerName
	admin, addAdmin := userbootstrap.AddUserWithPassword(coreuser.AdminUserName, auth.NewPassword(id.adminPassword),
		permission.AccessSpec{Access: permission.SuperuserAccess,
			Target: permission.ID{ObjectType: permission.Controller, Key: id.controller.String()}}, time.Now().UTC())
	key := credential.Key{Cloud: cloudName, Name: "default", Owner: coreuser.AdminUserName}
	for _, step := range []struct {
		what string
		do   func(ctx context.Context, controller, model coredatabase.TxnRunner) error
	}{
		{"the controller's configuration", controllerconfigbootstrap.InsertInitialControllerConfig(config, id.controllerModel)},
		{"the controller", controllerbootstrap.InsertInitialController(coretesting.ServerCert, coretesting.ServerKey, coretesting.CAKey, "identity")},
		{"the administrator", addAdmin},
		{"the cloud", cloudbootstrap.InsertCloud(coreuser.AdminUserName, cloud.Cloud{
			Name: cloudName, Type: "kubernetes", AuthTypes: []cloud.AuthType{cloud.OAuth2AuthType},
			Endpoint: api.endpoint, HostCloudRegion: "localhost", CACertificates: []string{api.ca},
			Regions: []cloud.Region{{Name: cloudRegion}},
		})},
		{"the credential", credentialbootstrap.InsertCredential(key, cloud.NewCredential(cloud.OAuth2AuthType,
			map[string]string{k8scloud.CredAttrToken: api.token}))},
		{"the secret backends", backendbootstrap.CreateDefaultBackends(model.CAAS)},
	} {
		if err := step.do(ctx, controllerDB, controllerModelDB); err != nil {
			return errors.Annotatef(err, "writing %s", step.what)
		}
	}
	for uuid, name := range map[model.UUID]string{id.controllerModel: model.ControllerModelName, id.model: modelName} {
		db, err := dbs.GetDB(ctx, uuid.String())
		if err != nil {
			return err
		}
		if err := addModel(ctx, controllerDB, db, id, uuid, modeldomain.GlobalModelCreationArgs{
			Cloud: cloudName, CloudRegion: cloudRegion, Credential: key, Name: name, Qualifier: "admin",
			AdminUsers: []coreuser.UUID{admin},
		}); err != nil {
			return errors.Annotatef(err, "adding the model %q", name)
		}
	}
	return nil
}

func addModel(ctx context.Context, controller, db coredatabase.TxnRunner, id identity, uuid model.UUID, args modeldomain.GlobalModelCreationArgs) error {
	for _, step := range []func(context.Context, coredatabase.TxnRunner, coredatabase.TxnRunner) error{
		modelbootstrap.CreateGlobalModelRecord(uuid, args),
		modelbootstrap.CreateLocalModelRecord(uuid, id.controller, jujuversion.Current),
		modelconfigbootstrap.SetModelConfig(uuid, nil, modeldefaultsbootstrap.ModelDefaultsProvider(nil, nil, "kubernetes")),
	} {
		if err := step(ctx, controller, db); err != nil {
			return err
		}
	}
	return nil
}
