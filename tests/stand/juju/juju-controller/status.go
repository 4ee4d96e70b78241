package main

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	core "k8s.io/api/core/v1"
	k8serrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// podPhase is how far a pod has come.
type podPhase int

const (
	unscheduled podPhase = iota
	initializing
	running
)

// publishAgain is how long to wait when Kubernetes did not take a status.
const publishAgain = 200 * time.Millisecond

// container is one container of a pod, under kubelet.mu.
type container struct {
	spec     core.Container
	since    time.Time // of its start
	runs     bool
	started  bool // as its startup probe says
	ready    bool
	restarts int32
	last     *core.ContainerStateTerminated
	cancel   context.CancelFunc // ends its probes
}

// start notes that the container runs, and begins to probe it.
func (c *container) start(ctx context.Context, p *pod) {
	if !c.since.IsZero() {
		c.end(137)
		c.restarts++
	}
	ctx, c.cancel = context.WithCancel(ctx)
	c.since, c.runs = time.Now(), true
	go p.probe(ctx, c)
}

// end notes that the container has ended.
func (c *container) end(code int) {
	if c.cancel != nil {
		c.cancel()
	}
	if !c.runs {
		return
	}
	c.runs, c.started, c.ready = false, false, false
	c.last = &core.ContainerStateTerminated{ExitCode: int32(code), Reason: "Completed",
		StartedAt: meta.NewTime(c.since), FinishedAt: meta.Now()}
	if code != 0 {
		c.last.Reason = "Error"
	}
}

func (c *container) status() core.ContainerStatus {
	s := core.ContainerStatus{Name: c.spec.Name, Image: c.spec.Image, ImageID: c.spec.Image, Ready: c.ready,
		Started: &c.started, RestartCount: c.restarts}
	switch {
	case c.runs:
		s.State.Running = &core.ContainerStateRunning{StartedAt: meta.NewTime(c.since)}
		s.LastTerminationState.Terminated = c.last
	case c.last != nil:
		s.State.Terminated = c.last
	default:
		s.State.Waiting = &core.ContainerStateWaiting{Reason: "PodInitializing"}
	}
	return s
}

// ready reports whether all containers are. The caller holds the lock.
func (p *pod) ready() bool {
	return p.phase == running && !p.stopping && !slices.ContainsFunc(p.containers, func(c *container) bool { return !c.ready })
}

// status is what Kubernetes is told of the pod. The caller holds the lock. Conditions have no times yet.
func (p *pod) status() core.PodStatus {
	since := meta.NewTime(p.since)
	s := core.PodStatus{Phase: core.PodPending, HostIP: nodeAddress, PodIP: p.address,
		PodIPs: []core.PodIP{{IP: p.address}}, StartTime: &since}
	init := core.ContainerState{Running: &core.ContainerStateRunning{StartedAt: since}}
	if p.phase == running {
		s.Phase = core.PodRunning
		init = core.ContainerState{Terminated: &core.ContainerStateTerminated{Reason: "Completed", StartedAt: since, FinishedAt: since}}
	}
	for _, c := range p.object.Spec.InitContainers {
		done := p.phase == running
		s.InitContainerStatuses = append(s.InitContainerStatuses,
			core.ContainerStatus{Name: c.Name, Image: c.Image, ImageID: c.Image, Ready: done, Started: new(bool), State: init})
	}
	for _, c := range p.containers {
		s.ContainerStatuses = append(s.ContainerStatuses, c.status())
	}
	condition := func(kind core.PodConditionType, is bool, reason string) {
		c := core.PodCondition{Type: kind, Status: core.ConditionTrue}
		if !is {
			c.Status, c.Reason = core.ConditionFalse, reason
		}
		s.Conditions = append(s.Conditions, c)
	}
	condition(core.PodScheduled, true, "")
	condition(core.PodInitialized, p.phase == running, "ContainersNotInitialized")
	condition(core.ContainersReady, p.ready(), "ContainersNotReady")
	condition(core.PodReady, p.ready(), "ContainersNotReady")
	return s
}

// publish keeps the status in Kubernetes as it is here, until the pod is taken away.
func (p *pod) publish() {
	k := p.kubelet
	var last []byte
	times := map[core.PodConditionType]core.PodCondition{}
	for {
		select {
		case <-k.ctx.Done():
			return
		case <-p.changed:
		}
		k.mu.Lock()
		gone := k.pods[p.name] != p
		status := p.status()
		k.mu.Unlock()
		if gone {
			return
		}
		for i, c := range status.Conditions {
			if before, ok := times[c.Type]; ok && before.Status == c.Status {
				c.LastTransitionTime = before.LastTransitionTime
			} else {
				c.LastTransitionTime = meta.Now()
			}
			times[c.Type], status.Conditions[i] = c, c
		}
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": p.object.UID}, "status": status})
		if err != nil || string(patch) == string(last) {
			continue
		}
		_, err = k.api.client.CoreV1().Pods(k.namespace).Patch(k.ctx, p.name, types.MergePatchType, patch, meta.PatchOptions{}, "status")
		switch {
		case err == nil:
			last = patch
		case k8serrors.IsNotFound(err) || k8serrors.IsConflict(err) || k.ctx.Err() != nil:
			return // It is another pod's.
		default:
			k.log.Printf("telling Kubernetes of %s: %v", p.name, err)
			time.AfterFunc(publishAgain, func() { wake(p.changed) })
		}
	}
}
