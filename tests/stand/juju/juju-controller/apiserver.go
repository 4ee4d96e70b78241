package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"

	"github.com/juju/clock"
	"github.com/juju/errors"
	"github.com/juju/names/v6"

	"github.com/juju/juju/api"
	"github.com/juju/juju/apiserver"
	"github.com/juju/juju/apiserver/apiserverhttp"
	"github.com/juju/juju/apiserver/authentication"
	"github.com/juju/juju/apiserver/observer"
	"github.com/juju/juju/apiserver/stateauthenticator"
	"github.com/juju/juju/core/auditlog"
	"github.com/juju/juju/core/flightrecorder"
	"github.com/juju/juju/core/model"
	"github.com/juju/juju/core/network"
	"github.com/juju/juju/core/trace"
	"github.com/juju/juju/domain/controllernode"
	internallogger "github.com/juju/juju/internal/logger"
	"github.com/juju/juju/internal/services"
	coretesting "github.com/juju/juju/internal/testing"
	"github.com/juju/juju/internal/worker/watcherregistry"
)

// apiServer is Juju's API server and the HTTPS server in front of it.
type apiServer struct {
	juju  *apiserver.Server
	https *http.Server
}

func startAPIServer(ctx context.Context, c *server) (*apiServer, error) {
	mux := apiserverhttp.NewMux()
	https, err := serveHTTPS(c.listener, mux)
	if err != nil {
		return nil, err
	}
	if err := publishAddress(ctx, c); err != nil {
		return nil, err
	}
	svc, err := c.servicesGetter.ServicesForModel(ctx, c.identity.controllerModel)
	if err != nil {
		return nil, errors.Annotate(err, "opening the controller's model")
	}
	authenticator, err := stateauthenticator.NewAuthenticator(ctx, c.identity.controllerModel,
		c.controllerServices.ControllerConfig(), agentPasswords{c.servicesGetter}, c.controllerServices.Access(),
		c.controllerServices.Macaroon(), authentication.NewAgentAuthenticatorGetter(svc.AgentPassword(), nil), clock.WallClock)
	if err != nil {
		return nil, errors.Annotate(err, "making the authenticator")
	}
	if err := authenticator.AddHandlers(mux); err != nil {
		return nil, errors.Annotate(err, "serving the authenticator")
	}
	w, err := watcherregistry.NewWorker(watcherregistry.Config{
		Clock: clock.WallClock, Logger: internallogger.GetLogger("juju.watcherregistry")})
	if err != nil {
		return nil, errors.Annotate(err, "starting the registry of watchers")
	}
	watchers, ok := w.(watcherregistry.WatcherRegistryGetter)
	if !ok {
		return nil, errors.Errorf("this version of Juju has a registry of watchers of type %T", w)
	}
	server, err := apiserver.NewServer(ctx, apiserver.ServerConfig{
		Clock: clock.WallClock, PingClock: clock.WallClock, Tag: names.NewControllerAgentTag("0"),
		LogDir: c.opts.path("logs"), DataDir: c.opts.dir, Mux: mux,
		ControllerUUID: c.identity.controller.String(), ControllerModelUUID: c.identity.controllerModel,
		LocalMacaroonAuthenticator: authenticator,
		UpgradeComplete:            func() bool { return true },
		NewObserver:                observer.ObserverFactoryMultiplexer(newPresence(c.servicesGetter).observer, c.history.observer, logRequests),
		LogSink:                    c.log,
		GetAuditConfig:             func() auditlog.Config { return auditlog.Config{} },
		LeaseManager:               c.leases,
		FlightRecorder:             flightrecorder.NoopRecorder{},
		MetricsCollector:           apiserver.NewMetricsCollector(),
		CharmhubHTTPClient:         &http.Client{},
		MacaroonHTTPClient:         &http.Client{},
		DomainServicesGetter:       c.servicesGetter,
		ControllerConfigService:    c.controllerServices.ControllerConfig(),
		DBGetter:                   c.dbs,
		TracerGetter:               noTracers{},
		ObjectStoreGetter:          c.objects,
		WatcherRegistryGetter:      watchers,
		EphemeralProviderFactory:   c.providers,
	})
	if err != nil {
		return nil, errors.Annotate(err, "starting the API server")
	}
	return &apiServer{juju: server, https: https}, nil
}

// serveHTTPS serves with the certificate that comes with Juju's tests; clients are told its authority.
func serveHTTPS(listener net.Listener, handler http.Handler) (*http.Server, error) {
	pool, err := api.CreateCertPool(coretesting.CACert)
	if err != nil {
		return nil, errors.Annotate(err, "reading the certificate authority")
	}
	config := api.NewTLSConfig(pool)
	config.ServerName = "juju-apiserver"
	config.Certificates = []tls.Certificate{*coretesting.ServerTLSCert}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(tls.NewListener(listener, config)) }()
	return server, nil
}

// publishAddress tells agents where the API is.
func publishAddress(ctx context.Context, c *server) error {
	addr, ok := c.listener.Addr().(*net.TCPAddr)
	if !ok {
		return errors.Errorf("the API listens on %s, which is not TCP", c.listener.Addr())
	}
	address := network.SpaceHostPort{
		SpaceAddress: network.SpaceAddress{MachineAddress: network.MachineAddress{
			Value: addr.IP.String(), Type: network.IPv4Address, Scope: network.ScopeCloudLocal}},
		NetPort: network.NetPort(addr.Port),
	}
	err := c.controllerServices.ControllerNode().SetAPIAddresses(ctx, controllernode.SetAPIAddressArgs{
		APIAddresses: map[string]network.SpaceHostPorts{"0": {address}}})
	return errors.Annotate(err, "publishing the API's address")
}

func (s *apiServer) stop() {
	_ = s.juju.Stop()
	_ = s.https.Close()
}

// agentPasswords checks the passwords of agents of any model.
type agentPasswords struct{ services.DomainServicesGetter }

// GetAgentPasswordServiceForModel implements authentication.AgentPasswordServiceGetter.
func (p agentPasswords) GetAgentPasswordServiceForModel(ctx context.Context, id model.UUID) (authentication.AgentPasswordService, error) {
	svc, err := p.ServicesForModel(ctx, id)
	if err != nil {
		return nil, err
	}
	return svc.AgentPassword(), nil
}

// logRequests logs every API call, given the logging configuration juju.requests=DEBUG.
func logRequests() observer.Observer {
	return observer.NewRequestLogger(observer.RequestLoggerConfig{
		Clock: clock.WallClock, Logger: internallogger.GetLogger("juju.requests")})
}

type noTracers struct{}

// GetTracer implements trace.TracerGetter.
func (noTracers) GetTracer(context.Context, trace.TracerNamespace) (trace.Tracer, error) {
	return trace.NoopTracer{}, nil
}
