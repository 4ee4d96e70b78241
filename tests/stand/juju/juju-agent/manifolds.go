package main

import (
	"context"
	"net"
	"os"
	"reflect"

	"github.com/juju/clock"
	"github.com/juju/errors"
	"github.com/juju/worker/v5/dependency"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/juju/juju/agent"
	"github.com/juju/juju/agent/engine"
	"github.com/juju/juju/api/base"
	unitcommand "github.com/juju/juju/cmd/containeragent/unit"
	jujuversion "github.com/juju/juju/core/version"
	"github.com/juju/juju/internal/upgrade"
	"github.com/juju/juju/internal/upgrades"
	"github.com/juju/juju/internal/worker/logsender"
)

// manifolds is what "containeragent unit" runs, with our own uniter.
func manifolds(opts *options, a *unitAgent, records logsender.LogRecordCh, terminate chan os.Signal) (dependency.Manifolds, error) {
	probeAddress, probePort, err := net.SplitHostPort(opts.probe)
	if err != nil {
		return nil, errors.Annotatef(err, "understanding -probe %q", opts.probe)
	}
	lock := newMachineLock()
	conf := a.CurrentConfig()
	all, err := containeragentManifolds(map[string]any{
		"Agent":                agent.APIHostPortsSetter{Agent: a},
		"AgentConfigChanged":   a.changed,
		"CharmModifiedVersion": opts.charmModifiedVersion,
		"Clock":                clock.WallClock,
		"ContainerNames":       opts.containers,
		"LeadershipGuarantee":  opts.leadership,
		"LogSource":            records,
		"MachineLock":          lock,
		"PreUpgradeSteps":      upgrades.PreUpgradeSteps,
		"PreviousAgentVersion": conf.UpgradedToVersion(),
		"ProbeAddress":         probeAddress,
		"ProbePort":            probePort,
		"PrometheusRegisterer": prometheus.NewRegistry(),
		"SignalCh":             terminate,
		"UpdateLoggerConfig":   func(string) error { return nil },
		"UpgradeSteps":         upgrades.PerformUpgradeSteps,
		"UpgradeStepsLock":     upgrade.NewLock(conf, jujuversion.Current),
		"ValidateMigration":    func(context.Context, base.APICaller) error { return nil },
	})
	if err != nil {
		return nil, errors.Annotate(err, "assembling the agent's workers")
	}
	delete(all, "pebble-loki-config") // It writes below /var/lib/pebble.
	notMigrating := engine.Housing{Flags: []string{"migration-inactive-flag"}, Occupy: "migration-fortress"}.Decorate
	notDead := engine.Housing{Flags: []string{"not-dead-flag"}}.Decorate
	all["uniter"] = notMigrating(notDead(uniterManifold(opts, a.tag, lock)))
	return all, nil
}

// containeragentManifolds calls unit.Manifolds, whose argument is a struct of a type that Juju does not export.
func containeragentManifolds(fields map[string]any) (dependency.Manifolds, error) {
	function := reflect.ValueOf(unitcommand.Manifolds)
	config := reflect.New(function.Type().In(0)).Elem()
	for name, value := range fields {
		field := config.FieldByName(name)
		v := reflect.ValueOf(value)
		if !field.IsValid() || !v.CanConvert(field.Type()) {
			return nil, errors.Errorf("this version of Juju does not take %s as a %T", name, value)
		}
		field.Set(v.Convert(field.Type()))
	}
	all, ok := function.Call([]reflect.Value{config})[0].Interface().(dependency.Manifolds)
	if !ok {
		return nil, errors.New("this version of Juju returns something other than manifolds")
	}
	return all, nil
}
