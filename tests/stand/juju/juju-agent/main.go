// Command juju-agent is the Juju unit agent of a sidecar charm, without root and without a namespace of its own.
//
// It runs the workers of Juju's "containeragent unit". What differs: Pebble's sockets are in a folder of choice
// (Juju: /charm/containers), nothing is written outside the data folder, leases and polls are shorter, and hooks do
// not wait for output that can no longer come.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/juju/errors"
	"github.com/juju/loggo/v3"
	"github.com/juju/worker/v5"
	"github.com/juju/worker/v5/dependency"

	"github.com/juju/juju/agent/engine"
	unitcommand "github.com/juju/juju/cmd/containeragent/unit"
	internaldependency "github.com/juju/juju/internal/dependency"
	internallogger "github.com/juju/juju/internal/logger"
	"github.com/juju/juju/internal/secrets/provider"
	"github.com/juju/juju/internal/secrets/provider/kubernetes"
	internalworker "github.com/juju/juju/internal/worker"
	"github.com/juju/juju/internal/worker/logsender"
)

func main() {
	provider.Register(kubernetes.NewProvider()) // It has the contents of secrets.
	opts, err := parseOptions(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(opts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "juju-agent:", err)
		os.Exit(1)
	}
}

// run works as the unit's agent until the unit is removed or SIGTERM has been dealt with (stop hook).
func run(opts *options) error {
	if err := internallogger.ConfigureLoggers(opts.logging); err != nil {
		return errors.Annotatef(err, "understanding -log %q", opts.logging)
	}
	if _, err := loggo.ReplaceDefaultWriter(loggo.NewSimpleWriter(os.Stderr, loggo.DefaultFormatter)); err != nil {
		return errors.Annotate(err, "logging to standard error")
	}
	records, err := logsender.InstallBufferedLogWriter(loggo.DefaultContext(), bufferedRecords)
	if err != nil {
		return errors.Annotate(err, "logging to the controller")
	}
	agent, err := openAgent(opts)
	if err != nil {
		return err
	}
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM)
	manifolds, err := manifolds(opts, agent, records.Logs(), terminate)
	if err != nil {
		return err
	}
	// An agent whose worker fails for good must end: the pod starts it again, as Kubernetes does.
	runner, err := worker.NewRunner(worker.RunnerParams{
		Name:         "juju-agent",
		IsFatal:      ends,
		RestartDelay: restartDelay,
		Logger:       internalworker.WrapLogger(internallogger.GetLogger("juju.agent")),
	})
	if err != nil {
		return errors.Annotate(err, "making the agent's worker")
	}
	err = runner.StartWorker(context.Background(), "unit", func(context.Context) (worker.Worker, error) {
		eng, err := dependency.NewEngine(engine.DependencyEngineConfig(dependency.DefaultMetrics(),
			internaldependency.WrapLogger(internallogger.GetLogger("juju.worker.dependency"))))
		if err != nil {
			return nil, err
		}
		return eng, dependency.Install(eng, manifolds)
	})
	if err != nil {
		return errors.Annotate(err, "starting the agent's workers")
	}
	if err := runner.Wait(); err != nil && !errors.Is(err, internalworker.ErrTerminateAgent) {
		return err
	}
	return nil
}

// ends reports whether err is how an agent is told that its unit is no more.
func ends(err error) bool {
	return errors.Is(err, internalworker.ErrTerminateAgent) || errors.Is(err, unitcommand.ErrRemoved)
}
