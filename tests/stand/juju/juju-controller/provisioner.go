package main

import (
	"context"
	"reflect"
	"time"

	"github.com/juju/clock"
	"github.com/juju/errors"
	"github.com/juju/worker/v5"
	"github.com/juju/worker/v5/dependency"

	"github.com/juju/juju/caas"
	internallogger "github.com/juju/juju/internal/logger"
	"github.com/juju/juju/internal/services"
	"github.com/juju/juju/internal/worker/caasapplicationprovisioner"
)

// startProvisioner runs the worker that makes in the cluster what applications need there.
func startProvisioner(ctx context.Context, svc services.DomainServices, broker caas.Broker) (worker.Worker, error) {
	manifold := caasapplicationprovisioner.Manifold(caasapplicationprovisioner.ManifoldConfig{
		DomainServicesName: "services",
		BrokerName:         "broker",
		ClockName:          "clock",
		NewWorker:          caasapplicationprovisioner.NewProvisionerWorker,
		GetDomainServices:  func(dependency.Getter, string) (services.DomainServices, error) { return svc, nil },
		Logger:             internallogger.GetLogger("juju.provisioner"),
	})
	w, err := manifold.Start(ctx, inputs{
		"broker": broker,
		"clock":  clock.Clock(provisionerClock{clock.WallClock}),
	})
	return w, errors.Annotate(err, "starting the provisioner")
}

// inputs is a dependency.Getter of things that are there already.
type inputs map[string]any

// Get implements dependency.Getter.
func (in inputs) Get(name string, out any) error {
	if out == nil {
		return nil
	}
	to, value := reflect.ValueOf(out).Elem(), reflect.ValueOf(in[name])
	if !value.IsValid() || !value.Type().AssignableTo(to.Type()) {
		return errors.NotValidf("%s of type %T for %T", name, in[name], out)
	}
	to.Set(value)
	return nil
}

// provisionerClock shortens the three seconds between the worker's tries.
type provisionerClock struct{ clock.Clock }

// After implements clock.Clock.
func (c provisionerClock) After(d time.Duration) <-chan time.Time {
	return c.Clock.After(min(d, 200*time.Millisecond))
}
