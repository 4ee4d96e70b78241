package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/juju/errors"
)

const (
	// bufferedRecords is how many log records wait for the controller before the oldest are dropped.
	bufferedRecords = 65536
	// restartDelay is Juju's own, between two runs of the agent's engine.
	restartDelay = 3 * time.Second
)

// options is what the command line says.
type options struct {
	dataDir              string
	tools                string
	containers           []string
	sockets              string
	charmModifiedVersion int
	leadership           time.Duration
	pebblePoll           time.Duration
	probe                string
	logging              string
	hookVariables        variables
}

// variables collects VARIABLE=value pairs of a flag that may be given more than once.
type variables []string

func (v *variables) String() string { return strings.Join(*v, " ") }

func (v *variables) Set(pair string) error {
	if name, _, ok := strings.Cut(pair, "="); !ok || name == "" {
		return errors.Errorf("%q is not VARIABLE=value", pair)
	}
	*v = append(*v, pair)
	return nil
}

func parseOptions(args []string) (*options, error) {
	var o options
	var containers string
	f := flag.NewFlagSet("juju-agent", flag.ContinueOnError)
	f.StringVar(&o.dataDir, "data-dir", "", "the `FOLDER` with template-agent.conf; everything else is made there")
	f.StringVar(&o.tools, "tools", "", "the `FOLDER` with jujuc (default: that of this program)")
	f.StringVar(&containers, "containers", "", "the `NAMES` of the unit's containers, separated by commas")
	f.StringVar(&o.sockets, "sockets", "", "Pebble's socket of container NAME is `FOLDER`/NAME/pebble.socket; hooks see it as CHARM_CONTAINERS_DIR")
	f.IntVar(&o.charmModifiedVersion, "charm-modified-version", 0, "of the pod; a unit of another version does not start")
	f.DurationVar(&o.leadership, "leadership", 30*time.Second, "claim leases for twice this time (5 s at least) and renew them this often")
	f.DurationVar(&o.pebblePoll, "pebble-poll", 5*time.Second, "how often to ask Pebble for notices and restarts")
	f.StringVar(&o.probe, "probe", "127.0.0.1:0", "the `ADDRESS:PORT` for readiness probes")
	f.StringVar(&o.logging, "log", "<root>=INFO", "Juju's logging `CONFIGURATION`")
	f.Var(&o.hookVariables, "hook-variable", "`VARIABLE=value` that hooks have besides what Juju gives them; may be repeated")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if o.dataDir == "" || o.sockets == "" {
		return nil, errors.New("-data-dir and -sockets must be given")
	}
	if containers != "" {
		o.containers = strings.Split(containers, ",")
	}
	if o.tools == "" {
		exe, err := os.Executable()
		if err != nil {
			return nil, errors.Annotate(err, "finding the folder of this program, where jujuc is expected")
		}
		o.tools = filepath.Dir(exe)
	}
	return &o, nil
}
