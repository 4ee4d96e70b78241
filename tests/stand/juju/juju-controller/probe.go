package main

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
)

const (
	// probeSoon is how often to look at what is not ready yet.
	probeSoon = 100 * time.Millisecond
	// probePatience is how many times as long as on a cluster a probe may take: here, one machine does everything.
	probePatience = 5
)

// probe looks after a container for as long as it runs, by the probes that Juju wrote in the pod's template.
func (p *pod) probe(ctx context.Context, c *container) {
	if probe := c.spec.StartupProbe; probe != nil {
		begun := time.Now()
		limit := time.Duration(probe.FailureThreshold*probe.PeriodSeconds) * time.Second * probePatience
		for !p.succeeds(ctx, probe, c) {
			if time.Since(begun) > limit {
				p.restart(c, "does not start")
				return
			}
			if !sleep(ctx, probeSoon) {
				return
			}
		}
	}
	p.note(ctx, func() { c.started = true })
	if c.spec.LivenessProbe != nil {
		go p.watchLiveness(ctx, c)
	}
	p.watchReadiness(ctx, c)
}

// watchLiveness restarts the container when it has failed too often.
func (p *pod) watchLiveness(ctx context.Context, c *container) {
	probe := c.spec.LivenessProbe
	for failures := int32(0); sleep(ctx, period(probe)); {
		if p.succeeds(ctx, probe, c) {
			failures = 0
			continue
		}
		if failures++; failures >= probe.FailureThreshold && ctx.Err() == nil {
			p.restart(c, "does not live")
			return
		}
	}
}

// watchReadiness notes whether the container is ready.
func (p *pod) watchReadiness(ctx context.Context, c *container) {
	probe := c.spec.ReadinessProbe
	for failures := int32(0); ; {
		is := probe == nil || p.succeeds(ctx, probe, c)
		if is {
			failures = 0
		} else {
			failures++
		}
		p.kubelet.mu.Lock()
		was := c.ready
		p.kubelet.mu.Unlock()
		if is && !was || !is && was && failures >= probe.FailureThreshold {
			p.note(ctx, func() { c.ready = is })
		}
		pause := probeSoon
		if is && probe != nil {
			pause = period(probe)
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

// note changes something of a container, unless it has ended meanwhile.
func (p *pod) note(ctx context.Context, f func()) {
	p.change(func() {
		if ctx.Err() == nil {
			f()
		}
	})
}

func (p *pod) restart(c *container, why string) {
	p.kubelet.log.Printf("container %s of %s %s, and is started again", c.spec.Name, p.name, why)
	if err := p.tell("kill " + c.spec.Name); err != nil {
		p.kubelet.log.Printf("restarting container %s: %v", c.spec.Name, err)
	}
}

// succeeds asks what a probe asks. What it would ask Pebble of the agent, the agent is asked itself: it runs without a
// Pebble here, whose checks are these same two questions (cmd/containeragent/initialize).
func (p *pod) succeeds(ctx context.Context, probe *core.Probe, c *container) bool {
	if probe.HTTPGet == nil {
		return true // Juju writes none of another kind.
	}
	url := "http://" + net.JoinHostPort(p.address, probe.HTTPGet.Port.String()) + probe.HTTPGet.Path
	if c.spec.Name == charmContainer {
		question := "/liveness"
		if strings.HasSuffix(probe.HTTPGet.Path, "level=ready") {
			question = "/readiness"
		}
		url = "http://" + net.JoinHostPort(p.address, probePort) + question
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(max(probe.TimeoutSeconds, 1))*time.Second*probePatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := probes.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode >= http.StatusOK && response.StatusCode < http.StatusBadRequest
}

// probes keeps no connections, as a kubelet does: what they lead to may have been started anew.
var probes = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func period(probe *core.Probe) time.Duration {
	return time.Duration(max(probe.PeriodSeconds, 1)) * time.Second
}

// sleep waits, and reports false when there is nothing to wait for any more.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
