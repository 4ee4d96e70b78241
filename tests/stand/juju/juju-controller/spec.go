package main

import (
	"encoding/json"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/juju/errors"
	core "k8s.io/api/core/v1"
)

// probePort is that of the agent's probes, on the pod's address; Juju's own default (agent/constants).
const probePort = "3856"

// podSpec is what the pod program is told, as a JSON file.
type podSpec struct {
	// Pod is the name of the pod, APPLICATION-N.
	Pod string `json:"pod"`
	// Address is the pod's, 127.S.x.y.
	Address string `json:"address"`
	// Containers are those besides the charm's.
	Containers []containerSpec `json:"containers"`
	// Sockets is a folder: Pebble of container NAME listens on SOCKETS/NAME/pebble.socket.
	Sockets string `json:"sockets"`
	// Hosts is the pod's /etc/hosts, which is rewritten in place when Services change.
	Hosts string `json:"hosts"`
	// Scratch is a folder for whatever the pod program wants to keep.
	Scratch string `json:"scratch"`
	// Logs is the folder for what the containers print.
	Logs string `json:"logs"`
	// Images is the folder of image descriptions; empty when there is none.
	Images string `json:"images"`
	// Pebble is the path of the program.
	Pebble string `json:"pebble"`
	// Agent is how to start the unit agent; the pod ends when it does.
	Agent agentSpec `json:"agent"`
}

type containerSpec struct {
	Name string `json:"name"`
	// Image is the registry path of the container's resource.
	Image string `json:"image"`
	// Arguments are those of Pebble.
	Arguments []string `json:"arguments"`
	// UID and GID are who Pebble and its services are, if it is said.
	UID *int64 `json:"uid,omitempty"`
	GID *int64 `json:"gid,omitempty"`
}

type agentSpec struct {
	Program   string   `json:"program"`
	Arguments []string `json:"arguments"`
	// ServiceAccount is the folder that the charm sees as that of its service account.
	ServiceAccount string `json:"service-account"`
	// Environment is what the agent has besides PATH, HOME and TMPDIR.
	Environment map[string]string `json:"environment"`
}

// writeSpec writes the pod's description and returns its path.
func (p *pod) writeSpec() (string, error) {
	k, o := p.kubelet, p.kubelet.opts
	spec := podSpec{
		Pod: p.name, Address: p.address, Containers: []containerSpec{}, Sockets: o.path("pebble", p.name), Hosts: p.hostsPath(),
		Scratch: o.path("pods", p.name), Logs: o.path("logs"), Images: o.images, Pebble: o.pebbleProgram,
		Agent: agentSpec{Program: o.agentProgram, ServiceAccount: p.serviceAccount(), Environment: map[string]string{}},
	}
	for _, c := range p.object.Spec.Containers {
		if c.Name != charmContainer {
			spec.Containers = append(spec.Containers, p.containerSpec(c))
		}
	}
	k.change(func() {})
	spec.Agent.Arguments = []string{
		"-data-dir", o.path("agents", p.name), "-containers", strings.Join(p.containerNames(), ","), "-sockets", spec.Sockets,
		"-charm-modified-version", strconv.Itoa(p.charmModifiedVersion()), "-probe", net.JoinHostPort(p.address, probePort),
		"-leadership", o.leadership.String(), "-pebble-poll", o.pebblePoll.String(), "-log", o.agentLogging,
	}
	for _, pair := range o.hookVariables {
		spec.Agent.Arguments = append(spec.Agent.Arguments, "-hook-variable", pair)
	}
	// Juju hands these on to hooks.
	spec.Agent.Environment["KUBERNETES_SERVICE_HOST"], spec.Agent.Environment["KUBERNETES_SERVICE_PORT"] = k.api.address()
	text, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return "", err
	}
	path := o.path("pods", p.name+".json")
	return path, errors.Trace(os.WriteFile(path, text, 0o644))
}

// containerSpec describes a container as Juju's template does. All pods share this machine's network, so that what
// listens on all addresses in a pod of a cluster listens on the pod's own here. And the charm is whoever Pebble is, or
// root, so that Pebble need not be told who may speak to it.
func (p *pod) containerSpec(c core.Container) containerSpec {
	spec := containerSpec{Name: c.Name, Image: c.Image, Arguments: slices.Clone(c.Args)}
	for i, argument := range spec.Arguments {
		if strings.HasPrefix(argument, ":") {
			spec.Arguments[i] = p.address + argument
		}
	}
	if i := slices.Index(spec.Arguments, "--identities"); i >= 0 {
		spec.Arguments = slices.Delete(spec.Arguments, i, min(i+2, len(spec.Arguments)))
	}
	if context := c.SecurityContext; context != nil {
		spec.UID, spec.GID = context.RunAsUser, context.RunAsGroup
	}
	return spec
}

// containerNames lists the containers besides the charm's.
func (p *pod) containerNames() []string {
	all := []string{} // Not null in JSON.
	for _, c := range p.object.Spec.Containers {
		if c.Name != charmContainer {
			all = append(all, c.Name)
		}
	}
	return all
}

// charmModifiedVersion is what the pod's template tells the init container.
func (p *pod) charmModifiedVersion() int {
	for _, c := range p.object.Spec.InitContainers {
		if i := slices.Index(c.Args, "--charm-modified-version"); i >= 0 && i+1 < len(c.Args) {
			if version, err := strconv.Atoi(c.Args[i+1]); err == nil {
				return version
			}
		}
	}
	return 0
}
