package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/juju/errors"
	core "k8s.io/api/core/v1"
	k8serrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// restartAfter is how long a pod whose program failed waits before it starts anew.
	restartAfter = time.Second
	// introduceEvery is how often to try to register a unit that Juju does not want yet.
	introduceEvery = 100 * time.Millisecond
	// dyingLimit is how long a pod program that has been told to end may take to kill what it started.
	dyingLimit = 10 * time.Second
)

// pod is one Pod from its making to its end; a replacement is another.
type pod struct {
	kubelet     *kubelet
	object      *core.Pod // as it was made
	name        string
	application string
	ordinal     int
	address     string
	ended       chan struct{} // closed when the last process is gone
	changed     chan struct{} // somebody should tell Kubernetes

	// Under kubelet.mu:
	process    *podProcess
	stopping   bool
	phase      podPhase
	since      time.Time // of the start of its init container
	containers []*container
}

// podProcess is one run of the pod program. It ends all it has started when its standard input does; the lines that it
// reads there are "stop" (SIGTERM to the agent) and "kill CONTAINER", and those that it writes "started CONTAINER".
type podProcess struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

// newPod is called with the lock held.
func newPod(k *kubelet, object *core.Pod) (*pod, error) {
	application, ordinal, err := splitName(object.Name)
	if err != nil {
		return nil, err
	}
	number, err := k.number(application)
	if err != nil {
		return nil, err
	}
	p := &pod{kubelet: k, object: object, name: object.Name, application: application, ordinal: ordinal,
		address: fmt.Sprintf("%s.%d.%d", k.opts.network, number, ordinal+1),
		ended:   make(chan struct{}), changed: make(chan struct{}, 1)}
	for _, spec := range object.Spec.Containers {
		p.containers = append(p.containers, &container{spec: spec})
	}
	return p, nil
}

// change does something to the pod and lets everybody know.
func (p *pod) change(f func()) {
	p.kubelet.change(f)
	wake(p.changed)
}

// run binds the pod to the node, introduces the unit to Juju, then keeps the pod program running. Before is the pod of
// the same name that was there until now.
func (p *pod) run(before *pod) {
	defer close(p.ended)
	k := p.kubelet
	if before != nil {
		<-before.ended
	}
	err := k.api.client.CoreV1().Pods(k.namespace).Bind(k.ctx, &core.Binding{
		ObjectMeta: meta.ObjectMeta{Name: p.name, UID: p.object.UID}, Target: core.ObjectReference{Kind: "Node", Name: nodeName},
	}, meta.CreateOptions{})
	if err != nil {
		k.log.Printf("binding %s: %v", p.name, err)
		return
	}
	go p.publish()
	p.change(func() { p.phase, p.since = initializing, time.Now() })
	if !p.introduce() {
		return
	}
	if err := p.mountServiceAccount(); err != nil {
		k.log.Printf("the service account of %s: %v", p.name, err)
		return
	}
	p.change(func() { p.phase = running })
	for {
		err := p.runProgram()
		k.log.Printf("%s ended: %v", p.name, err)
		// An agent that succeeds has been told to end; only its StatefulSet removes the pod.
		if err == nil || p.over() {
			return
		}
		select {
		case <-time.After(restartAfter):
		case <-k.ctx.Done():
			return
		}
	}
}

// over reports whether nobody wants the pod any more.
func (p *pod) over() bool {
	p.kubelet.mu.Lock()
	defer p.kubelet.mu.Unlock()
	return p.stopping || p.kubelet.ctx.Err() != nil
}

// introduce is what the init container does: registers the unit. It reports false when the pod is not wanted any more.
func (p *pod) introduce() bool {
	k := p.kubelet
	data := k.opts.path("agents", p.name)
	for try := 0; ; try++ {
		err := os.RemoveAll(data) // Its volume is an emptyDir.
		if err == nil {
			err = k.introducer.introduce(k.ctx, p.application, p.name, data)
		}
		if err == nil {
			return true
		}
		if try%50 == 0 {
			k.log.Printf("introducing %s: %v", p.name, err)
		}
		if p.over() {
			return false
		}
		select {
		case <-time.After(introduceEvery):
		case <-k.ctx.Done():
			return false
		}
	}
}

// serviceAccount is the folder that the pod sees as that of its service account.
func (p *pod) serviceAccount() string { return p.kubelet.opts.path("service-accounts", p.name) }

// mountServiceAccount makes that folder, with a token that is good for as long as the pod is there.
func (p *pod) mountServiceAccount() error {
	k := p.kubelet
	token, err := k.api.issueToken(k.ctx, k.namespace, p.object.Spec.ServiceAccountName, p.object)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.serviceAccount(), 0o755); err != nil {
		return err
	}
	for name, text := range map[string]string{"ca.crt": k.api.ca, "namespace": k.namespace, "token": token} {
		if err := os.WriteFile(filepath.Join(p.serviceAccount(), name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// runProgram runs the pod program until it ends.
func (p *pod) runProgram() error {
	k := p.kubelet
	spec, err := p.writeSpec()
	if err != nil {
		return errors.Annotate(err, "writing the pod's description")
	}
	out, err := os.OpenFile(k.opts.path("logs", p.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return errors.Annotate(err, "opening the pod's log")
	}
	defer func() { _ = out.Close() }()
	cmd := exec.Command(k.opts.podProgram, spec)
	cmd.Stderr = out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the controller.
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return errors.Annotate(err, "making a pipe to the pod")
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return errors.Annotate(err, "making a pipe from the pod")
	}
	k.mu.Lock()
	if p.stopping || k.ctx.Err() != nil {
		k.mu.Unlock()
		_ = stdin.Close()
		return nil
	}
	if err := cmd.Start(); err != nil {
		k.mu.Unlock()
		return errors.Annotate(err, "starting the pod program")
	}
	p.process = &podProcess{cmd, stdin}
	k.mu.Unlock()
	k.log.Printf("%s runs as process %d at %s", p.name, cmd.Process.Pid, p.address)
	probing, cancel := context.WithCancel(k.ctx)
	defer cancel()
	p.follow(probing, stdout)
	err = cmd.Wait()
	p.change(func() {
		p.process = nil
		for _, c := range p.containers {
			c.end(cmd.ProcessState.ExitCode())
		}
	})
	return err
}

// follow reads what the pod program says until it has nothing more to say.
func (p *pod) follow(ctx context.Context, stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		name, ok := strings.CutPrefix(lines.Text(), "started ")
		for _, c := range p.containers {
			if ok && c.spec.Name == name {
				p.change(func() { c.start(ctx, p) })
			}
		}
	}
}

// tell writes a line to the pod program.
func (p *pod) tell(line string) error {
	p.kubelet.mu.Lock()
	defer p.kubelet.mu.Unlock()
	if p.process == nil {
		return errors.Errorf("pod %s is not running", p.name)
	}
	_, err := io.WriteString(p.process.stdin, line+"\n")
	return err
}

// stop ends the pod as Kubernetes does: SIGTERM, and SIGKILL after a while. The caller has set stopping.
func (p *pod) stop(grace time.Duration) {
	p.change(func() {})
	if p.tell("stop") == nil {
		select {
		case <-p.ended:
		case <-time.After(grace):
			p.kubelet.log.Printf("%s has outlived its grace period", p.name)
		}
	}
	p.kill()
}

// kill ends all processes of the pod at once, and takes it out of Kubernetes. The caller has set stopping.
func (p *pod) kill() {
	p.abandon()
	<-p.ended
	k := p.kubelet
	k.change(func() {
		if k.pods[p.name] == p {
			delete(k.pods, p.name)
		}
	})
	wake(p.changed)
	now := int64(0)
	err := k.api.client.CoreV1().Pods(k.namespace).Delete(k.ctx, p.name, meta.DeleteOptions{
		GracePeriodSeconds: &now, Preconditions: &meta.Preconditions{UID: &p.object.UID}})
	if err != nil && !k8serrors.IsNotFound(err) && !k8serrors.IsConflict(err) && k.ctx.Err() == nil {
		k.log.Printf("deleting %s: %v", p.name, err)
	}
}

// abandon lets the pod program kill all it has started, and sees to it that it does.
func (p *pod) abandon() {
	p.kubelet.mu.Lock()
	defer p.kubelet.mu.Unlock()
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

// wake lets the reader go on of a channel that holds one value at most.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
