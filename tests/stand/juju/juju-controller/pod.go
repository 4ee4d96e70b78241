package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/juju/errors"
)

const (
	// restartAfter is how long a pod whose agent failed waits before it starts anew.
	restartAfter = time.Second
	// introduceEvery is how often to try to register a unit that Juju does not want yet.
	introduceEvery = 100 * time.Millisecond
	// probeEvery is the period of the readiness probe.
	probeEvery = 100 * time.Millisecond
	// dyingLimit is how long a pod program that has been told to end may take to kill what it started.
	dyingLimit = 10 * time.Second
)

// pod is one pod from its making to its end; a replacement is another.
type pod struct {
	set        *statefulSet
	ordinal    int
	name       string
	address    string
	generation int
	ended      chan struct{} // closed when the last process is gone

	// Under cluster.mu:
	process  *podProcess
	stopping bool
	ready    bool
	restarts int
}

// podProcess is one run of the pod program. It ends all it has started when its standard input does; the lines that it
// reads there are "stop" (SIGTERM to the agent) and "kill CONTAINER".
type podProcess struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

// newPod is called with the lock held.
func newPod(s *statefulSet, ordinal int) *pod {
	return &pod{set: s, ordinal: ordinal, name: fmt.Sprintf("%s-%d", s.name, ordinal), address: s.address(ordinal),
		generation: s.generation, ended: make(chan struct{})}
}

// run is the kubelet's part: introduces the unit to Juju, then keeps the pod program running.
func (p *pod) run() {
	defer close(p.ended)
	c := p.set.cluster
	if !p.introduce() {
		return
	}
	for {
		err := p.runProgram()
		c.log.Printf("the agent of %s ended: %v", p.name, err)
		c.mu.Lock()
		over := p.stopping || c.ctx.Err() != nil
		c.mu.Unlock()
		if over || err == nil { // An agent that succeeds has been told to end; only its StatefulSet removes the pod.
			return
		}
		p.set.change(func(*statefulSet) { p.restarts++ })
		select {
		case <-time.After(restartAfter):
		case <-c.ctx.Done():
			return
		}
	}
}

// introduce registers the unit, and reports false when the pod is not wanted any more.
func (p *pod) introduce() bool {
	c := p.set.cluster
	select {
	case <-c.serving:
	case <-c.ctx.Done():
		return false
	}
	for try := 0; ; try++ {
		data := c.opts.path("agents", p.name)
		err := os.RemoveAll(data) // Its volume is an emptyDir.
		if err == nil {
			err = c.introducer.introduce(c.ctx, p.set.name, p.name, data)
		}
		if err == nil {
			return true
		}
		if try%50 == 0 {
			c.log.Printf("introducing %s: %v", p.name, err)
		}
		c.mu.Lock()
		over := p.stopping || p.ordinal >= p.set.replicas
		c.mu.Unlock()
		if over {
			return false
		}
		select {
		case <-time.After(introduceEvery):
		case <-c.ctx.Done():
			return false
		}
	}
}

// runProgram runs the pod program until it ends.
func (p *pod) runProgram() error {
	c := p.set.cluster
	spec, err := p.writeSpec()
	if err != nil {
		return errors.Annotate(err, "writing the pod's description")
	}
	out, err := os.OpenFile(c.opts.path("logs", p.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return errors.Annotate(err, "opening the pod's log")
	}
	defer func() { _ = out.Close() }()
	cmd := exec.Command(c.opts.podProgram, spec)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the controller.
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return errors.Annotate(err, "making a pipe to the pod")
	}
	c.mu.Lock()
	if p.stopping || c.ctx.Err() != nil {
		c.mu.Unlock()
		_ = stdin.Close()
		return nil
	}
	if err := cmd.Start(); err != nil {
		c.mu.Unlock()
		return errors.Annotate(err, "starting the pod program")
	}
	process := &podProcess{cmd, stdin}
	p.process, p.ready = process, false
	c.mu.Unlock()
	p.set.change(func(*statefulSet) {})
	c.log.Printf("%s runs as process %d at %s", p.name, cmd.Process.Pid, p.address)
	probing, cancel := context.WithCancel(c.ctx)
	defer cancel()
	go p.probe(probing)
	err = cmd.Wait()
	p.set.change(func(*statefulSet) { p.process, p.ready = nil, false })
	return err
}

// probe asks the agent whether it is ready until it is.
func (p *pod) probe(ctx context.Context) {
	client := &http.Client{Timeout: time.Second}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(probeEvery):
		}
		response, err := client.Get("http://" + p.address + ":" + probePort + "/readiness")
		if err != nil {
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			p.set.change(func(*statefulSet) { p.ready = p.process != nil })
			return
		}
	}
}

// tell writes a line to the pod program.
func (p *pod) tell(line string) error {
	defer p.set.lock()()
	if p.process == nil {
		return errors.Errorf("pod %s is not running", p.name)
	}
	_, err := io.WriteString(p.process.stdin, line+"\n")
	return err
}

// stop ends the pod as Kubernetes does: SIGTERM, and SIGKILL after a while. The caller has set stopping.
func (p *pod) stop() {
	if p.tell("stop") == nil {
		select {
		case <-p.ended:
		case <-time.After(p.set.cluster.opts.grace):
			p.set.cluster.log.Printf("%s has outlived its grace period", p.name)
		}
	}
	p.kill()
}

// kill ends all processes of the pod at once and removes it. The caller has set stopping.
func (p *pod) kill() {
	p.abandon()
	<-p.ended
	p.set.change(func(s *statefulSet) {
		if s.pods[p.ordinal] == p {
			delete(s.pods, p.ordinal)
		}
	})
}

// abandon lets the pod program kill all it has started, and sees to it that it does.
func (p *pod) abandon() {
	defer p.set.lock()()
	if p.process == nil {
		return
	}
	_ = p.process.stdin.Close()
	process := p.process.cmd.Process
	go func() {
		select {
		case <-p.ended:
		case <-time.After(dyingLimit):
			_ = process.Kill()
		}
	}()
}

// containerNames lists the containers of the pod. The caller holds the lock.
func (p *pod) containerNames() []string {
	all := []string{} // Not null in JSON.
	for name := range p.set.config.Containers {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
