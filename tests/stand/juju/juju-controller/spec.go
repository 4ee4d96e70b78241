package main

import (
	"encoding/json"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/juju/errors"
)

// probePort is that of the agent's probes, on the pod's address; Juju's own default (agent/constants).
const probePort = "3856"

// podSpec is what the pod program is told, as a JSON file.
type podSpec struct {
	// Pod is the name of the pod, APPLICATION-N.
	Pod string `json:"pod"`
	// Unit is the name of the unit, APPLICATION/N.
	Unit string `json:"unit"`
	// Application is the name of the application.
	Application string `json:"application"`
	// Model is the name of the model, and the namespace.
	Model string `json:"model"`
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
	// UID and GID are those in the charm's metadata, if any.
	UID *int `json:"uid,omitempty"`
	GID *int `json:"gid,omitempty"`
}

type agentSpec struct {
	Program   string   `json:"program"`
	Arguments []string `json:"arguments"`
	// ServiceAccount is the folder that the charm sees as that of its service account; empty when there is none.
	ServiceAccount string `json:"service-account"`
	// Environment is what the agent has besides PATH, HOME and TMPDIR.
	Environment map[string]string `json:"environment"`
}

// writeSpec writes the pod's description and returns its path.
func (p *pod) writeSpec() (string, error) {
	c := p.set.cluster
	o := c.opts
	c.mu.Lock()
	spec := podSpec{
		Pod: p.name, Unit: p.set.name + "/" + strconv.Itoa(p.ordinal), Application: p.set.name, Model: o.model,
		Address: p.address, Containers: []containerSpec{}, Sockets: o.path("pebble", p.name), Hosts: p.hostsPath(),
		Scratch: o.path("pods", p.name), Logs: o.path("logs"), Images: o.images, Pebble: o.pebbleProgram,
		Agent: agentSpec{Program: o.agentProgram, Environment: map[string]string{}},
	}
	containers := p.containerNames()
	for _, name := range containers {
		config := p.set.config.Containers[name]
		spec.Containers = append(spec.Containers, containerSpec{
			Name: name, Image: config.Image.RegistryPath, UID: config.Uid, GID: config.Gid})
	}
	charmModifiedVersion := p.set.config.CharmModifiedVersion
	c.writeHosts()
	c.mu.Unlock()
	spec.Agent.Arguments = []string{
		"-data-dir", o.path("agents", p.name), "-containers", strings.Join(containers, ","), "-sockets", spec.Sockets,
		"-charm-modified-version", strconv.Itoa(charmModifiedVersion), "-probe", net.JoinHostPort(p.address, probePort),
		"-leadership", o.leadership.String(), "-pebble-poll", o.pebblePoll.String(), "-log", o.agentLogging,
	}
	for _, pair := range o.hookVariables {
		spec.Agent.Arguments = append(spec.Agent.Arguments, "-hook-variable", pair)
	}
	if o.accounts != "" {
		spec.Agent.ServiceAccount = o.serviceAccount(p.set.name)
	}
	if o.kubernetes != "" { // Juju hands these on to hooks.
		host, port, err := net.SplitHostPort(o.kubernetes)
		if err != nil {
			return "", err
		}
		spec.Agent.Environment["KUBERNETES_SERVICE_HOST"] = host
		spec.Agent.Environment["KUBERNETES_SERVICE_PORT"] = port
	}
	text, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return "", err
	}
	path := o.path("pods", p.name+".json")
	return path, errors.Trace(os.WriteFile(path, text, 0o644))
}
