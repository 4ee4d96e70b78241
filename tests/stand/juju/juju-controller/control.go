package main

import (
	"encoding/json"
	"fmt"
	"net"

	"github.com/juju/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// request is one line of JSON on the control socket: what a cluster or its operator may do to pods.
type request struct {
	// Do is one of:
	//
	//	pods            lists the pods
	//	kill            all processes of the pod end at once (a lost node); a new pod follows unless Hold is set
	//	kill-container  all processes of one container end at once; it is started again
	//	evict           the pod is told to stop, and a new one follows
	//	release         ends a hold
	//	history         tells all changes of databags and of leadership so far
	Do string `json:"do"`
	// Pod is APPLICATION-N, or the unit's name APPLICATION/N.
	Pod string `json:"pod"`
	// Container is for kill-container.
	Container string `json:"container"`
	// Hold keeps the pod away until release.
	Hold bool `json:"hold"`
	// Depose ends the unit's leadership at once; else its lease has to run out.
	Depose bool `json:"depose"`
}

// reply is the line of JSON that answers a request, when what was asked for has been done.
type reply struct {
	// Error is empty when it has.
	Error string `json:"error"`
	// Pods answers "pods".
	Pods []podReport `json:"pods,omitempty"`
	// History answers "history".
	History *historyReport `json:"history,omitempty"`
}

type podReport struct {
	Pod                  string   `json:"pod"`
	Address              string   `json:"address"`
	Containers           []string `json:"containers"`
	Process              int      `json:"process"`
	CharmModifiedVersion int      `json:"charm-modified-version"`
	Restarts             int      `json:"restarts"`
	Ready                bool     `json:"ready"`
	Stopping             bool     `json:"stopping"`
}

// serveControl answers requests on a unix socket until the listener is closed.
func serveControl(path string, k *kubelet, h *history) (net.Listener, error) {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, errors.Annotate(err, "listening for requests")
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveConnection(conn, k, h)
		}
	}()
	return listener, nil
}

func serveConnection(conn net.Conn, k *kubelet, h *history) {
	defer func() { _ = conn.Close() }()
	in, out := json.NewDecoder(conn), json.NewEncoder(conn)
	for {
		var asked request
		if err := in.Decode(&asked); err != nil {
			return
		}
		var answer reply
		var err error
		if asked.Do == "history" {
			answer.History, err = h.report(k.ctx)
		} else {
			answer.Pods, err = k.do(asked)
		}
		if err != nil {
			answer.Error = err.Error()
		}
		if err := out.Encode(answer); err != nil {
			return
		}
	}
}

func (k *kubelet) do(r request) ([]podReport, error) {
	if r.Do == "pods" {
		return k.report(), nil
	}
	application, ordinal, err := splitName(r.Pod)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s-%d", application, ordinal)
	if r.Do == "release" {
		k.release(name)
		return nil, nil
	}
	k.mu.Lock()
	p := k.pods[name]
	k.mu.Unlock()
	if p == nil {
		return nil, errors.NotFoundf("pod %q", r.Pod)
	}
	switch r.Do {
	case "kill":
		if r.Hold {
			k.hold(name)
		}
		p.change(func() { p.stopping = true })
		p.kill()
		if r.Depose {
			return nil, errors.Annotatef(k.depose(application, ordinal), "deposing %s", r.Pod)
		}
		return nil, nil
	case "evict":
		err := k.api.client.CoreV1().Pods(k.namespace).Delete(k.ctx, name, meta.DeleteOptions{
			Preconditions: &meta.Preconditions{UID: &p.object.UID}})
		if err == nil {
			<-p.ended
		}
		return nil, errors.Annotatef(err, "deleting the pod %q", name)
	case "kill-container":
		return nil, p.tell("kill " + r.Container)
	default:
		return nil, errors.Errorf("%q is not one of pods, kill, kill-container, evict, release, history", r.Do)
	}
}

func (k *kubelet) report() []podReport {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := []podReport{}
	for _, p := range k.all() {
		r := podReport{Pod: p.name, Address: p.address, Containers: p.containerNames(),
			CharmModifiedVersion: p.charmModifiedVersion(), Ready: p.ready(), Stopping: p.stopping}
		for _, c := range p.containers {
			r.Restarts += int(c.restarts)
		}
		if p.process != nil {
			r.Process = p.process.cmd.Process.Pid
		}
		all = append(all, r)
	}
	return all
}
