package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/juju/clock"
	"github.com/juju/errors"
	"github.com/juju/worker/v5"
	"github.com/prometheus/client_golang/prometheus"

	corelease "github.com/juju/juju/core/lease"
	"github.com/juju/juju/core/network"
	"github.com/juju/juju/core/providertracker"
	"github.com/juju/juju/core/trace"
	"github.com/juju/juju/environs"
	internallease "github.com/juju/juju/internal/lease"
	internallogger "github.com/juju/juju/internal/logger"
	_ "github.com/juju/juju/internal/provider/all"         // Kubernetes as a kind of cloud.
	_ "github.com/juju/juju/internal/secrets/provider/all" // Secret backends.
	"github.com/juju/juju/internal/services"
	sshimporter "github.com/juju/juju/internal/ssh/importer"
	wservices "github.com/juju/juju/internal/worker/domainservices"
	"github.com/juju/juju/internal/worker/lease"
	"github.com/juju/juju/internal/worker/leaseexpiry"
)

// leaseSleep is how long the lease manager may sleep when no lease is about to end (Juju: a minute). A lease that is
// claimed meanwhile, and is shorter, ends late by as much.
const leaseSleep = time.Second

// server is everything that runs in this process.
type server struct {
	opts     *options
	identity identity
	listener net.Listener
	dbs      *databases
	log      *logSink
	objects  *objectStores
	history  *history
	leases   *lease.Manager
	cluster  *kubernetesAPI
	kubelet  *kubelet
	api      *apiServer
	control  net.Listener

	providers          providertracker.ProviderFactory
	controllerServices services.ControllerDomainServices
	servicesGetter     services.DomainServicesGetter
}

// readiness is what the controller prints when it is ready.
type readiness struct {
	// API is the address of Juju's API.
	API string `json:"api"`
	// Client is the folder that the juju command takes as JUJU_DATA.
	Client string `json:"client"`
	// Control is the path of the unix socket that takes requests about pods (control.go).
	Control string `json:"control"`
	// Hosts is the path of a hosts file with the names of all Services.
	Hosts string `json:"hosts"`
}

func (c *server) ready() readiness {
	return readiness{
		API:     c.listener.Addr().String(),
		Client:  c.opts.path("client"),
		Control: c.opts.path("control.sock"),
		Hosts:   c.opts.path("hosts"),
	}
}

func startServer(ctx context.Context, opts *options) (*server, error) {
	for _, dir := range []string{"", "agents", "client", "databases", "logs", "objects", "pebble", "pods", "service-accounts"} {
		if err := os.MkdirAll(opts.path(dir), 0o755); err != nil {
			return nil, errors.Annotate(err, "making the folders of the controller")
		}
	}
	c := &server{opts: opts, dbs: newDatabases(opts.path("databases"))}
	var err error
	if c.log, err = openLogSink(opts.path("logs", "logsink.log")); err != nil {
		return nil, err
	}
	if c.identity, err = newIdentity(); err != nil {
		return nil, err
	}
	if c.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, errors.Annotate(err, "listening for the API")
	}
	port := c.listener.Addr().(*net.TCPAddr).Port
	if c.cluster, err = connectKubernetes(ctx, opts.kubeconfig); err != nil {
		return nil, err
	}
	if err := bootstrap(ctx, c.dbs, c.cluster, c.identity, opts.model, port); err != nil {
		return nil, errors.Annotate(err, "bootstrapping")
	}
	if c.history, err = startHistory(ctx, c.dbs, c.identity); err != nil {
		return nil, err
	}
	if c.providers, err = startProviders(ctx, c.dbs, c.log); err != nil {
		return nil, err
	}
	c.kubelet = newKubelet(opts, c.cluster)
	if err := c.startServices(ctx); err != nil {
		return nil, err
	}
	if c.api, err = startAPIServer(ctx, c); err != nil {
		return nil, err
	}
	if err := c.startWorkers(ctx); err != nil {
		return nil, err
	}
	if err := writeClient(opts, c.identity, c.listener.Addr().String()); err != nil {
		return nil, err
	}
	if c.control, err = serveControl(opts.path("control.sock"), c.kubelet, c.history); err != nil {
		return nil, err
	}
	return c, nil
}

// startServices starts leases, object store and domain services.
func (c *server) startServices(ctx context.Context) error {
	var err error
	c.leases, err = lease.NewManager(lease.ManagerConfig{
		SecretaryFinder:      internallease.NewSecretaryFinder(c.identity.controller.String()),
		Store:                lease.NewStore(c.dbs, internallogger.GetLogger("juju.lease")),
		Logger:               internallogger.GetLogger("juju.lease"),
		Clock:                clock.WallClock,
		MaxSleep:             leaseSleep,
		EntityUUID:           c.identity.controller.String(),
		LogDir:               c.opts.path("logs"),
		PrometheusRegisterer: noRegisterer{},
		Tracer:               trace.NoopTracer{},
	})
	if err != nil {
		return errors.Annotate(err, "starting the lease manager")
	}
	c.objects = newObjectStores(c.opts.path("objects"), c.dbs)
	w, err := wservices.NewWorker(wservices.Config{
		DBGetter: c.dbs, ClusterDescriber: c.dbs, ProviderFactory: c.providers, ObjectStoreGetter: c.objects,
		StorageRegistryGetter: storageRegistries{}, PublicKeyImporter: sshimporter.NewImporter(&http.Client{}),
		LeaseManager: c.leases, LoggerContextGetter: c.log, LogDir: c.opts.path("logs"),
		Logger: internallogger.GetLogger("juju.services"), Clock: clock.WallClock,
		NewDomainServicesGetter:     wservices.NewDomainServicesGetter,
		NewControllerDomainServices: wservices.NewControllerDomainServices,
		NewModelDomainServices:      wservices.NewProviderTrackerModelDomainServices,
		SimpleStreamsClient:         &http.Client{},
	})
	if err != nil {
		return errors.Annotate(err, "starting the domain services")
	}
	getters, ok := w.(interface {
		ControllerServices() services.ControllerDomainServices
		ServicesGetter() services.DomainServicesGetter
	})
	if !ok {
		return errors.Errorf("this version of Juju has domain services of type %T", w)
	}
	c.controllerServices, c.servicesGetter = getters.ControllerServices(), getters.ServicesGetter()
	return errors.Annotate(c.controllerServices.Macaroon().InitialiseBakeryConfig(ctx), "making keys for macaroons")
}

// startWorkers starts the workers of the model and of the controller that make things happen by themselves.
func (c *server) startWorkers(ctx context.Context) error {
	svc, err := c.servicesGetter.ServicesForModel(ctx, c.identity.model)
	if err != nil {
		return errors.Annotate(err, "opening the model")
	}
	// Every Kubernetes model has these placeholders.
	for _, subnet := range network.FallbackSubnetInfo {
		subnet.SpaceID = network.AlphaSpaceId
		if _, err := svc.Network().AddSubnet(ctx, subnet); err != nil {
			return errors.Annotate(err, "adding the model's subnets")
		}
	}
	revoker, err := c.leases.Revoker(corelease.ApplicationLeadershipNamespace, c.identity.model.String())
	if err != nil {
		return errors.Annotate(err, "preparing to revoke leases")
	}
	broker, err := brokerOf(ctx, c.providers, c.identity)
	if err != nil {
		return err
	}
	// As "juju add-model" does: the namespace.
	namespaces, ok := broker.(environs.ModelResources)
	if !ok {
		return errors.Errorf("this version of Juju has a provider of type %T", broker)
	}
	if err := namespaces.CreateModelResources(ctx, environs.CreateParams{ControllerUUID: c.identity.controller.String()}); err != nil {
		return errors.Annotate(err, "making the model in Kubernetes")
	}
	if err := c.kubelet.serve(introducer{svc, c.identity, c.listener.Addr().String()}, revoker); err != nil {
		return err
	}
	prompt, err := newPromptBroker(broker, c.cluster, c.identity, c.opts.model)
	if err != nil {
		return err
	}
	for _, start := range []func() (worker.Worker, error){
		func() (worker.Worker, error) { return startRemoval(c.opts, svc, c.kubelet) },
		func() (worker.Worker, error) { return startProvisioner(ctx, svc, prompt) },
		c.startLeaseExpiry,
	} {
		if _, err := start(); err != nil {
			return err
		}
	}
	return nil
}

// startLeaseExpiry runs the worker that ends the leases of those who no longer renew them.
func (c *server) startLeaseExpiry() (worker.Worker, error) {
	logger := internallogger.GetLogger("juju.leaseexpiry")
	w, err := leaseexpiry.NewWorker(leaseexpiry.Config{
		Clock: clock.WallClock, Logger: logger, Store: leaseexpiry.NewStore(c.dbs, logger), Tracer: trace.NoopTracer{}})
	return w, errors.Annotate(err, "starting the lease expiry worker")
}

// stop ends the pods, then the API. The process ends next, and with it everything else.
func (c *server) stop() {
	_ = c.control.Close()
	c.kubelet.stop()
	c.api.stop()
	if c.opts.removeDir {
		_ = os.RemoveAll(c.opts.dir)
	}
}

// noRegisterer is a Prometheus registry that keeps nothing.
type noRegisterer struct{ prometheus.Registerer }

func (noRegisterer) Register(prometheus.Collector) error  { return nil }
func (noRegisterer) Unregister(prometheus.Collector) bool { return true }
