package main

import (
	"context"
	"slices"
	"time"

	"github.com/juju/errors"

	"github.com/juju/juju/caas"
	"github.com/juju/juju/core/network"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/core/watcher"
	"github.com/juju/juju/internal/storage"
)

// application is what Juju's provisioner asks of the cluster about one application.
type application struct {
	caas.Application
	set *statefulSet
}

// Ensure implements caas.Application: it makes or changes the StatefulSet.
func (a application) Ensure(config caas.ApplicationConfig) error {
	if a.set.number > maxApplications {
		return errors.Errorf("no addresses are left for %q: more than %d applications", a.set.name, maxApplications)
	}
	if err := a.Trust(config.Trust); err != nil {
		return err
	}
	a.set.change(func(s *statefulSet) {
		if s.exists && (config.CharmModifiedVersion != s.config.CharmModifiedVersion || !slices.Equal(images(config), images(s.config))) {
			s.generation++ // Another pod template: a rolling update.
		}
		s.config, s.exists, s.deleting = config, true, false
	})
	return nil
}

// images lists what each container is made of.
func images(config caas.ApplicationConfig) []string {
	var all []string
	for name, c := range config.Containers {
		all = append(all, name+"="+c.Image.RegistryPath)
	}
	slices.Sort(all)
	return all
}

// Exists implements caas.Application.
func (a application) Exists() (caas.DeploymentState, error) {
	defer a.set.lock()()
	return caas.DeploymentState{Exists: a.set.exists, Terminating: a.set.exists && a.set.deleting}, nil
}

// Delete implements caas.Application.
func (a application) Delete() error {
	a.set.change(func(s *statefulSet) { s.deleting, s.replicas = true, 0 })
	return nil
}

// Scale implements caas.Application.
func (a application) Scale(replicas int) error {
	found := false
	a.set.change(func(s *statefulSet) {
		if found = s.exists; found {
			s.replicas = replicas
		}
	})
	if !found {
		return errors.NotFoundf("stateful set %q", a.set.name)
	}
	return nil
}

// Trust implements caas.Application: another service account takes the place of the one before.
func (a application) Trust(trusted bool) error {
	return errors.Annotatef(a.set.cluster.opts.writeServiceAccount(a.set.name, trusted), "changing the rights of %q", a.set.name)
}

// State implements caas.Application.
func (a application) State() (caas.ApplicationState, error) {
	defer a.set.lock()()
	if !a.set.exists {
		return caas.ApplicationState{}, errors.NotFoundf("stateful set %q", a.set.name)
	}
	state := caas.ApplicationState{DesiredReplicas: a.set.replicas}
	for _, p := range a.set.sorted() {
		state.Replicas = append(state.Replicas, p.name)
	}
	return state, nil
}

// Units implements caas.Application.
func (a application) Units() ([]caas.Unit, error) {
	defer a.set.lock()()
	now := time.Now()
	var units []caas.Unit
	for _, p := range a.set.sorted() {
		phase := status.Allocating
		if p.process != nil {
			phase = status.Running
		}
		units = append(units, caas.Unit{Id: p.name, Stateful: true, Dying: p.stopping, Address: p.address,
			Status: status.StatusInfo{Status: phase, Since: &now}})
	}
	return units, nil
}

// Service implements caas.Application. The Service's address is that of a pod: the first that is ready.
func (a application) Service() (*caas.Service, error) {
	defer a.set.lock()()
	now := time.Now()
	address := a.set.address(0)
	for _, p := range a.set.sorted() {
		if p.ready {
			address = p.address
			break
		}
	}
	machine := network.NewMachineAddress(address, network.WithScope(network.ScopeCloudLocal))
	return &caas.Service{Id: "svc-" + a.set.name, Status: status.StatusInfo{Status: status.Active, Since: &now},
		Addresses: network.ProviderAddresses{machine.AsProviderAddress()}}, nil
}

// EnsurePVCs implements caas.Application.
func (application) EnsurePVCs([]storage.KubernetesFilesystemParams, map[string][]storage.KubernetesFilesystemUnitAttachmentParams, string) error {
	return nil
}

// UpdatePorts implements caas.Application: a pod's address has all ports.
func (application) UpdatePorts([]caas.ServicePort, bool) error { return nil }

// UpdateService implements caas.Application.
func (application) UpdateService(caas.ServiceParam) error { return nil }

// Watch implements caas.Application.
func (a application) Watch(context.Context) (watcher.NotifyWatcher, error) { return a.set.watch(), nil }

// WatchReplicas implements caas.Application.
func (a application) WatchReplicas() (watcher.NotifyWatcher, error) { return a.set.watch(), nil }
