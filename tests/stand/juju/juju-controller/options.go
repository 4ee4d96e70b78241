package main

import (
	"flag"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/juju/errors"
)

// options is what the command line says.
type options struct {
	dir           string
	model         string
	network       string
	podProgram    string
	agentProgram  string
	pebbleProgram string
	images        string
	kubeconfig    string
	hookVariables variables
	removal       time.Duration
	plainRemoval  bool
	removeDir     bool
	leadership    time.Duration
	pebblePoll    time.Duration
	grace         time.Duration
	logging       string
	agentLogging  string
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

var loopbackNetwork = regexp.MustCompile(`^127\.([1-9]?[0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])$`)

func parseOptions(args []string) (*options, error) {
	var o options
	f := flag.NewFlagSet("juju-controller", flag.ContinueOnError)
	f.StringVar(&o.dir, "dir", "", "the `FOLDER` to work in; must be empty or absent")
	f.StringVar(&o.model, "model", "kubeflow", "the `NAME` of the model, which is that of its namespace")
	f.StringVar(&o.network, "network", "127.1", "pods have addresses in this `127.S`.0.0/16")
	f.StringVar(&o.podProgram, "pod", "", "the `PROGRAM` that is one pod; its argument is the path of a JSON file (podSpec)")
	f.StringVar(&o.agentProgram, "agent", "", "the juju-agent `PROGRAM`, with jujuc beside it")
	f.StringVar(&o.pebbleProgram, "pebble", "", "the pebble `PROGRAM`")
	f.StringVar(&o.images, "images", "", "the `FOLDER` of image descriptions, for the pod program")
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "the `FILE` that leads to Kubernetes, as its administrator")
	f.Var(&o.hookVariables, "hook-variable", "`VARIABLE=value` that hooks have besides what Juju gives them, for example KUBECONFIG; may be repeated")
	f.DurationVar(&o.removal, "removal", 200*time.Millisecond, "how often to look for things to remove (Juju: 10s)")
	f.BoolVar(&o.plainRemoval, "plain-removal", false, "remove units as this version of Juju does: without stop and remove when they have no relations")
	f.BoolVar(&o.removeDir, "remove-dir", false, "remove the folder given by -dir at the end")
	f.DurationVar(&o.leadership, "leadership", 2500*time.Millisecond, "how often agents renew their leases (Juju: 30s); a lease lasts for twice this time, 5s at least")
	f.DurationVar(&o.pebblePoll, "pebble-poll", 250*time.Millisecond, "how often agents ask Pebble for notices and restarts (Juju: 5s)")
	f.DurationVar(&o.grace, "grace", 30*time.Second, "how long a pod that is told to stop may take")
	f.StringVar(&o.logging, "log", "<root>=INFO", "Juju's logging `CONFIGURATION`; juju.requests=DEBUG shows every API call")
	f.StringVar(&o.agentLogging, "agent-log", "<root>=INFO", "the agents' logging `CONFIGURATION`")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	for name, path := range map[string]*string{"dir": &o.dir, "pod": &o.podProgram, "agent": &o.agentProgram, "pebble": &o.pebbleProgram, "kubeconfig": &o.kubeconfig} {
		if *path == "" {
			return nil, errors.Errorf("-%s must be given", name)
		}
	}
	for _, path := range []*string{&o.dir, &o.podProgram, &o.agentProgram, &o.pebbleProgram, &o.images, &o.kubeconfig} {
		if *path == "" {
			continue
		}
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return nil, errors.Annotatef(err, "making %q absolute", *path)
		}
		*path = absolute
	}
	if !loopbackNetwork.MatchString(o.network) {
		return nil, errors.Errorf("-network %q is not of the form 127.S with S up to 255", o.network)
	}
	return &o, nil
}

// path is a file or folder in the controller's folder.
func (o *options) path(elements ...string) string {
	return filepath.Join(append([]string{o.dir}, elements...)...)
}
