package main

import (
	"context"
	"net"

	"github.com/juju/clock"
	"github.com/juju/errors"
	"github.com/juju/names/v6"
	"github.com/juju/worker/v5"
	"github.com/juju/worker/v5/dependency"

	"github.com/juju/juju/agent"
	"github.com/juju/juju/api"
	"github.com/juju/juju/api/agent/secretsmanager"
	uniterclient "github.com/juju/juju/api/agent/uniter"
	"github.com/juju/juju/api/client/charms"
	"github.com/juju/juju/core/leadership"
	"github.com/juju/juju/core/model"
	"github.com/juju/juju/core/objectstore"
	coretrace "github.com/juju/juju/core/trace"
	internallogger "github.com/juju/juju/internal/logger"
	"github.com/juju/juju/internal/observability/probe"
	"github.com/juju/juju/internal/s3client"
	"github.com/juju/juju/internal/secrets"
	"github.com/juju/juju/internal/worker/common/reboot"
	"github.com/juju/juju/internal/worker/fortress"
	"github.com/juju/juju/internal/worker/secretexpire"
	"github.com/juju/juju/internal/worker/secretrotate"
	"github.com/juju/juju/internal/worker/uniter"
	uniterapi "github.com/juju/juju/internal/worker/uniter/api"
	"github.com/juju/juju/internal/worker/uniter/charm"
	"github.com/juju/juju/internal/worker/uniter/operation"
	"github.com/juju/juju/internal/worker/uniter/runner"
	runnercontext "github.com/juju/juju/internal/worker/uniter/runner/context"
	"github.com/juju/juju/rpc/params"
)

// uniterInputs is what the uniter needs of other workers.
type uniterInputs struct {
	agent   agent.Agent
	conn    api.Connection
	store   objectstore.Session
	tracker leadership.Tracker
	guard   fortress.Guard
	retry   params.RetryStrategy
}

// uniterManifold is that of internal/worker/uniter, which does not let one choose the Pebble client and the runner.
func uniterManifold(opts *options, tag names.UnitTag, lock machineLock) dependency.Manifold {
	return dependency.Manifold{
		Inputs: []string{"agent", "api-caller", "s3-caller", "leadership-tracker", "charm-dir", "hook-retry-strategy"},
		Start: func(_ context.Context, getter dependency.Getter) (worker.Worker, error) {
			var in uniterInputs
			for name, out := range map[string]any{
				"agent": &in.agent, "api-caller": &in.conn, "s3-caller": &in.store, "leadership-tracker": &in.tracker,
				"charm-dir": &in.guard, "hook-retry-strategy": &in.retry,
			} {
				if err := getter.Get(name, out); err != nil {
					return nil, err
				}
			}
			return startUniter(opts, tag, lock, in)
		},
		Output: uniterOutput,
	}
}

func startUniter(opts *options, tag names.UnitTag, lock machineLock, in uniterInputs) (worker.Worker, error) {
	logger := internallogger.GetLogger("juju.worker.uniter")
	conf := in.agent.CurrentConfig()
	clk := pollClock{clock.WallClock, opts.pebblePoll}
	application, err := names.UnitApplication(tag.Id())
	if err != nil {
		return nil, err
	}
	address, _, err := net.SplitHostPort(opts.probe)
	if err != nil {
		return nil, err
	}
	owners := func(leader bool) []names.Tag {
		if leader {
			return []names.Tag{tag, names.NewApplicationTag(application)}
		}
		return []names.Tag{tag}
	}
	resources, err := uniterclient.NewResourcesFacadeClient(in.conn, tag)
	if err != nil {
		return nil, err
	}
	tracer := coretrace.NoopTracer{}
	secretsAPI := secretsmanager.NewClient(in.conn, uniterclient.WithTracer(tracer))
	return uniter.NewUniter(&uniter.UniterParams{
		UniterClient:          uniterapi.UniterClientShim{Client: uniterclient.NewClient(in.conn, tag, uniterclient.WithTracer(tracer))},
		ResourcesClient:       resources,
		SecretsClient:         secretsAPI,
		SecretsBackendGetter:  func() (uniterapi.SecretsBackend, error) { return secrets.NewClient(secretsAPI) },
		UnitTag:               tag,
		ModelType:             model.CAAS,
		LeadershipTrackerFunc: func(names.UnitTag) leadership.Tracker { return in.tracker },
		SecretRotateWatcherFunc: func(_ names.UnitTag, leader bool, rotate chan []string) (worker.Worker, error) {
			return secretrotate.New(secretrotate.Config{SecretManagerFacade: secretsAPI, Clock: clk,
				Logger: logger.Child("secretsrotate"), SecretOwners: owners(leader), RotateSecrets: rotate})
		},
		SecretExpiryWatcherFunc: func(_ names.UnitTag, leader bool, expire chan []string) (worker.Worker, error) {
			return secretexpire.New(secretexpire.Config{SecretManagerFacade: secretsAPI, Clock: clk,
				Logger: logger.Child("secretrevisionsexpire"), SecretOwners: owners(leader), ExpireRevisions: expire})
		},
		DataDir:              conf.DataDir(),
		Downloader:           charms.NewS3CharmDownloader(s3client.NewBlobsS3Client(in.store), in.conn),
		MachineLock:          lock,
		CharmDirGuard:        in.guard,
		UpdateStatusSignal:   uniter.NewUpdateStatusTimer(),
		HookRetryStrategy:    in.retry,
		NewOperationExecutor: operation.NewExecutor,
		NewDeployer:          charm.NewDeployer,
		NewProcessRunner: func(c runnercontext.Context, p runnercontext.Paths, o ...runner.Option) runner.Runner {
			variables := append([]string{"CHARM_CONTAINERS_DIR=" + opts.sockets}, opts.hookVariables...)
			c = hookContext{Context: c, variables: variables, address: address}
			return promptRunner{Runner: runner.NewRunner(c, p, o...), paths: p}
		},
		TranslateResolverErr:         uniter.TranslateFortressErrors,
		Clock:                        clk,
		RebootQuerier:                reboot.NewMonitor(conf.TransientDataDir()),
		Logger:                       logger,
		Sidecar:                      true,
		EnforcedCharmModifiedVersion: opts.charmModifiedVersion,
		ContainerNames:               opts.containers,
		NewPebbleClient:              newPebbleClient(opts.sockets),
		Tracer:                       tracer,
	})
}

func uniterOutput(in worker.Worker, out any) error {
	u, ok := in.(*uniter.Uniter)
	if !ok {
		return errors.NotValidf("a uniter of type %T", in)
	}
	switch o := out.(type) {
	case **uniter.Uniter:
		*o = u
	case *probe.ProbeProvider:
		*o = &u.Probe
	default:
		return errors.NotValidf("%T as output of the uniter", out)
	}
	return nil
}
