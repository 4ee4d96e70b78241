package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"time"

	"github.com/juju/errors"

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
	// secretBackend is what Juju calls "internal" for machine models; see registerSecretBackend.
	secretBackend = "database"
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
func bootstrap(ctx context.Context, dbs *databases, id identity, modelName string, apiPort int) error {
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
			Name: cloudName, Type: "kubernetes", AuthTypes: []cloud.AuthType{cloud.UserPassAuthType, cloud.EmptyAuthType},
			Endpoint: "https://127.0.0.1:6443", HostCloudRegion: "localhost",
			CACertificates: []string{coretesting.CACert}, // The queries about secrets join on it.
			Regions:        []cloud.Region{{Name: cloudRegion}},
		})},
		{"the credential", credentialbootstrap.InsertCredential(key, cloud.NewCredential(cloud.UserPassAuthType,
			map[string]string{"username": "stand", "password": "unused"}))},
		{"the secret backends", backendbootstrap.CreateDefaultBackends(model.CAAS)},
		{"the secret backend of the models", registerSecretBackend},
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
			SecretBackend: secretBackend, AdminUsers: []coreuser.UUID{admin},
		}); err != nil {
			return errors.Annotatef(err, "adding the model %q", name)
		}
	}
	return nil
}

// registerSecretBackend lets a Kubernetes model keep the contents of secrets in its own database. Juju keeps them in
// the cluster, and for such models leaves the backend called "internal" out (domain/secretbackend/state/state.go);
// the same one under another name passes.
func registerSecretBackend(ctx context.Context, controller, _ coredatabase.TxnRunner) error {
	id, err := uuid.NewUUID()
	if err != nil {
		return err
	}
	return controller.StdTxn(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
INSERT INTO secret_backend (uuid, name, backend_type_id, origin_id)
SELECT ?, ?, backend_type_id, origin_id FROM secret_backend WHERE name = 'internal'`, id.String(), secretBackend)
		return err
	})
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
