package main

import (
	"context"

	"github.com/juju/names/v6"

	"github.com/juju/juju/caas"
	"github.com/juju/juju/core/assumes"
	"github.com/juju/juju/core/constraints"
	"github.com/juju/juju/core/providertracker"
	"github.com/juju/juju/core/semversion"
	"github.com/juju/juju/environs"
	"github.com/juju/juju/internal/storage"
	"github.com/juju/juju/internal/storage/provider/dummy"
)

// kubernetesVersion is what charms that assume a version of Kubernetes are told.
var kubernetesVersion = semversion.Number{Major: 1, Minor: 35}

// broker is what Juju asks of a Kubernetes. Methods that it has not been seen to call are those of the nil interface:
// they panic, which names them.
type broker struct {
	caas.Broker
	cluster *cluster
}

// PrecheckInstance implements environs.InstancePrechecker.
func (broker) PrecheckInstance(context.Context, environs.PrecheckInstanceParams) error { return nil }

// ConstraintsValidator implements environs.ConstraintsChecker.
func (broker) ConstraintsValidator(context.Context) (constraints.Validator, error) {
	return constraints.NewValidator(), nil
}

// SupportedFeatures implements environs.SupportedFeatureEnumerator.
func (broker) SupportedFeatures() (assumes.FeatureSet, error) {
	var features assumes.FeatureSet
	features.Add(assumes.Feature{Name: "k8s-api", Version: &kubernetesVersion})
	return features, nil
}

// APIVersion implements caas.Broker.
func (broker) APIVersion() (string, error) { return kubernetesVersion.String(), nil }

// RecommendedPoolForKind implements storage.ProviderRegistry.
func (broker) RecommendedPoolForKind(storage.StorageKind) *storage.Config { return nil }

// StorageProvider implements storage.ProviderRegistry.
func (broker) StorageProvider(storage.ProviderType) (storage.Provider, error) { return nil, nil }

// StorageProviderTypes implements storage.ProviderRegistry.
func (broker) StorageProviderTypes() ([]storage.ProviderType, error) { return nil, nil }

// Application implements caas.ApplicationBroker.
func (b broker) Application(name string, _ caas.DeploymentType) caas.Application {
	return application{set: b.cluster.set(name)}
}

// AnnotateUnit implements caas.Broker.
func (broker) AnnotateUnit(context.Context, string, string, names.UnitTag) error { return nil }

// Units implements caas.Broker.
func (b broker) Units(_ context.Context, name string) ([]caas.Unit, error) {
	return application{set: b.cluster.set(name)}.Units()
}

// providers says that every model is on the one cluster.
type providers struct{ cluster *cluster }

// ProviderForModel implements providertracker.ProviderFactory.
func (p providers) ProviderForModel(context.Context, string) (providertracker.Provider, error) {
	return broker{cluster: p.cluster}, nil
}

// EphemeralProviderFromConfig implements providertracker.ProviderFactory.
func (p providers) EphemeralProviderFromConfig(context.Context, providertracker.EphemeralProviderConfig) (providertracker.Provider, error) {
	return broker{cluster: p.cluster}, nil
}

// storageRegistries has only Juju's pretended storage.
type storageRegistries struct{}

// GetStorageRegistry implements corestorage.StorageRegistryGetter.
func (storageRegistries) GetStorageRegistry(context.Context, string) (storage.ProviderRegistry, error) {
	return dummy.StorageProviders(), nil
}
