package main

import (
	"context"

	"github.com/juju/clock"
	"github.com/juju/errors"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	"k8s.io/client-go/dynamic"
	kubernetesclient "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/juju/juju/caas"
	"github.com/juju/juju/caas/kubernetes"
	"github.com/juju/juju/core/changestream"
	corelogger "github.com/juju/juju/core/logger"
	"github.com/juju/juju/core/providertracker"
	"github.com/juju/juju/environs"
	internallogger "github.com/juju/juju/internal/logger"
	"github.com/juju/juju/internal/provider/kubernetes/application"
	"github.com/juju/juju/internal/provider/kubernetes/constants"
	"github.com/juju/juju/internal/provider/kubernetes/watcher"
	kubernetessecrets "github.com/juju/juju/internal/secrets/provider/kubernetes"
	"github.com/juju/juju/internal/services"
	"github.com/juju/juju/internal/storage"
	"github.com/juju/juju/internal/storage/provider/dummy"
	wproviderservices "github.com/juju/juju/internal/worker/providerservices"
	wprovidertracker "github.com/juju/juju/internal/worker/providertracker"
)

// startProviders runs the workers that open Juju's Kubernetes provider for each model, as every controller does.
func startProviders(ctx context.Context, dbs *databases, log *logSink) (providertracker.ProviderFactory, error) {
	doNotThrottle()
	manifold := wproviderservices.Manifold(wproviderservices.ManifoldConfig{
		ChangeStreamName:          "databases",
		Logger:                    internallogger.GetLogger("juju.providerservices"),
		NewWorker:                 wproviderservices.NewWorker,
		NewProviderServicesGetter: wproviderservices.NewProviderServicesGetter,
		NewProviderServices:       wproviderservices.NewProviderServices,
	})
	w, err := manifold.Start(ctx, inputs{"databases": changestream.WatchableDBGetter(dbs)})
	if err != nil {
		return nil, errors.Annotate(err, "starting the services of providers")
	}
	var getter services.ProviderServicesGetter
	if err := manifold.Output(w, &getter); err != nil {
		return nil, err
	}
	manifold = wprovidertracker.MultiTrackerManifold(wprovidertracker.ManifoldConfig{
		ProviderServiceFactoriesName: "services",
		LogSinkName:                  "log",
		NewWorker:                    wprovidertracker.NewWorker,
		NewTrackerWorker:             wprovidertracker.NewTrackerWorker,
		NewEphemeralProvider:         wprovidertracker.NewEphemeralProvider,
		GetProviderServicesGetter:    wprovidertracker.GetProviderServicesGetter,
		GetIAASProvider:              wprovidertracker.IAASGetProvider(environs.New),
		GetCAASProvider:              wprovidertracker.CAASGetProvider(caas.New),
		Logger:                       internallogger.GetLogger("juju.providertracker"),
		Clock:                        clock.WallClock,
	})
	w, err = manifold.Start(ctx, inputs{"services": getter, "log": corelogger.ModelLogSinkGetter(log)})
	if err != nil {
		return nil, errors.Annotate(err, "starting the providers")
	}
	var factory providertracker.ProviderFactory
	return factory, errors.Trace(manifold.Output(w, &factory))
}

// doNotThrottle lets Juju ask Kubernetes more than five things in a second.
func doNotThrottle() {
	clients := kubernetes.NewK8sClients
	kubernetes.NewK8sClients = func(c *rest.Config) (kubernetesclient.Interface, apiextensions.Interface, dynamic.Interface, error) {
		return clients(unthrottled(c))
	}
	secrets := kubernetessecrets.NewK8sClient
	kubernetessecrets.NewK8sClient = func(c *rest.Config) (kubernetesclient.Interface, error) {
		return secrets(unthrottled(c))
	}
}

func unthrottled(c *rest.Config) *rest.Config {
	c = rest.CopyConfig(c)
	c.QPS = -1
	return c
}

// brokerOf returns Juju's way to the cluster of a model.
func brokerOf(ctx context.Context, factory providertracker.ProviderFactory, id identity) (caas.Broker, error) {
	provider, err := factory.ProviderForModel(ctx, id.model.String())
	if err != nil {
		return nil, errors.Annotate(err, "opening the provider of the model")
	}
	broker, ok := provider.(caas.Broker)
	if !ok {
		return nil, errors.Errorf("this version of Juju has a provider of type %T", provider)
	}
	return broker, nil
}

// promptBroker is Juju's broker for the worker that watches applications. Juju's watchers wait for a second before they
// tell what has changed in Kubernetes, which a test that changes much would feel.
type promptBroker struct {
	caas.Broker
	application func(string, caas.DeploymentType) caas.Application
}

// Application implements caas.ApplicationBroker as internal/provider/kubernetes does, but for the clock.
func (b promptBroker) Application(name string, kind caas.DeploymentType) caas.Application {
	return b.application(name, kind)
}

func newPromptBroker(broker caas.Broker, api *kubernetesAPI, id identity, model string) (caas.Broker, error) {
	client, extended, dynamic, err := kubernetes.NewK8sClients(&rest.Config{
		Host: api.endpoint, BearerToken: api.token, TLSClientConfig: rest.TLSClientConfig{CAData: []byte(api.ca)}})
	if err != nil {
		return nil, errors.Annotate(err, "making clients of Kubernetes")
	}
	return promptBroker{broker, func(name string, kind caas.DeploymentType) caas.Application {
		return application.NewApplication(name, model, id.model.String(), model, constants.LastLabelVersion, kind,
			client, extended, dynamic, watcher.NewKubernetesNotifyWatcher, eagerClock{clock.WallClock}, id.controller.String())
	}}, nil
}

// storageRegistries has only Juju's pretended storage.
type storageRegistries struct{}

// GetStorageRegistry implements corestorage.StorageRegistryGetter.
func (storageRegistries) GetStorageRegistry(context.Context, string) (storage.ProviderRegistry, error) {
	return dummy.StorageProviders(), nil
}
