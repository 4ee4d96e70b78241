package main

import (
	"context"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"unicode/utf8"

	"github.com/juju/errors"

	"github.com/juju/juju/cmd/cmd"
	corelogger "github.com/juju/juju/core/logger"
	"github.com/juju/juju/core/operation"
	"github.com/juju/juju/internal/worker/uniter/runner"
	runnercontext "github.com/juju/juju/internal/worker/uniter/runner/context"
	"github.com/juju/juju/internal/worker/uniter/runner/jujuc"
	"github.com/juju/juju/rpc/params"
)

// hookContext adds variables to the environment of hooks, and the pod's address to what network-get answers.
type hookContext struct {
	runnercontext.Context
	variables []string
	address   string
}

// HookVars implements runnercontext.Context.
func (c hookContext) HookVars(ctx context.Context, p runnercontext.Paths, env runnercontext.Environmenter) ([]string, error) {
	vars, err := c.Context.HookVars(ctx, p, env)
	return append(vars, c.variables...), err
}

// NetworkInfo implements jujuc.Context. Juju leaves addresses in 127.0.0.0/8 out, and pods here have no others.
func (c hookContext) NetworkInfo(ctx context.Context, bindings []string, relation int) (map[string]params.NetworkInfoResult, error) {
	all, err := c.Context.NetworkInfo(ctx, bindings, relation)
	for name, result := range all {
		if result.Error == nil && len(result.Info) == 0 {
			result.Info = []params.NetworkInfo{{Addresses: []params.InterfaceAddress{{Address: c.address}}}}
			all[name] = result
		}
	}
	return all, err
}

// promptRunner runs hooks and actions as internal/worker/uniter/runner does, but closes its own write ends of the
// pipes. Juju keeps them open, never sees the end of the output, and so waits 100 ms for each of the two.
// "juju exec" and charms without dispatch are left to Juju's runner.
type promptRunner struct {
	runner.Runner
	paths runnercontext.Paths
}

// RunHook implements runner.Runner.
func (r promptRunner) RunHook(ctx context.Context, name string) (runner.HookHandlerType, error) {
	if !r.dispatches() {
		return r.Runner.RunHook(ctx, name)
	}
	return runner.DispatchingHookHandler, r.dispatch(ctx, name, "hooks/"+name)
}

// RunAction implements runner.Runner.
func (r promptRunner) RunAction(ctx context.Context, name string) (runner.HookHandlerType, error) {
	if operation.IsJujuExecAction(name) || !r.dispatches() {
		return r.Runner.RunAction(ctx, name)
	}
	return runner.DispatchingHookHandler, r.dispatch(ctx, name, "actions/"+name)
}

func (r promptRunner) program() string { return filepath.Join(r.paths.GetCharmDir(), "dispatch") }

func (r promptRunner) dispatches() bool {
	st, err := os.Stat(r.program())
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}

// dispatch serves the hook tools while the charm's program runs, then flushes what it has set.
func (r promptRunner) dispatch(ctx context.Context, name, path string) (err error) {
	c := r.Context()
	server, err := jujuc.NewServer(func(id, tool string) (cmd.Command, error) {
		if id != c.Id() {
			return nil, errors.Errorf("wrong context ID; got %q", id)
		}
		return jujuc.NewCommand(c, tool)
	}, r.paths.GetJujucServerSocket())
	if err != nil {
		return errors.Annotate(err, "serving the hook tools")
	}
	go func() { _ = server.Run() }()
	defer server.Close()
	env, err := c.HookVars(ctx, r.paths, runnercontext.NewHostEnvironmenter())
	if err != nil {
		return errors.Trace(err)
	}
	defer func() { err = c.Flush(ctx, name, err) }()

	action, notAnAction := c.ActionData()
	runsAction := notAnAction == nil && action != nil
	var cancel <-chan struct{}
	if runsAction {
		cancel = action.Cancel
	}
	out, err := r.run(name, append(env, "JUJU_DISPATCH_PATH="+path), cancel)
	if runsAction && out != nil {
		if err := r.report(out); err != nil {
			return errors.Trace(err)
		}
	}
	return err
}

// run starts the charm's program and waits for its end. The output is nil when it could not be started.
func (r promptRunner) run(name string, env []string, cancel <-chan struct{}) (*output, error) {
	c := r.Context()
	logger := c.GetLoggerByName("unit." + c.UnitName() + "." + name)
	program := exec.Command(r.program())
	program.Dir, program.Env = r.paths.GetCharmDir(), env
	stdout, err := follow(logger, corelogger.DEBUG)
	if err != nil {
		return nil, errors.Annotate(err, "making a pipe for standard output")
	}
	defer stdout.stop()
	stderr, err := follow(logger, corelogger.WARNING)
	if err != nil {
		return nil, errors.Annotate(err, "making a pipe for standard error")
	}
	defer stderr.stop()
	program.Stdout, program.Stderr = stdout.write, stderr.write
	if err := program.Start(); err != nil {
		return nil, err
	}
	_, _ = stdout.write.Close(), stderr.write.Close()
	c.SetProcess(process{program.Process})
	done := make(chan struct{})
	if cancel != nil {
		go func() {
			select {
			case <-cancel:
				_ = program.Process.Kill()
			case <-done:
			}
		}()
	}
	err = program.Wait()
	close(done)
	stdout.stop()
	stderr.stop()
	out := &output{code: program.ProcessState.ExitCode(), stdout: stdout.text(), stderr: stderr.text()}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if st, ok := exit.Sys().(syscall.WaitStatus); ok && (st.Signal() == syscall.SIGTERM || st.Signal() == syscall.SIGKILL) {
			return out, errors.Trace(runner.ErrTerminated)
		}
	}
	return out, err
}

// report sets the results that every action has, as runner.updateActionResults does.
func (r promptRunner) report(out *output) error {
	c := r.Context()
	if err := c.UpdateActionResults([]string{"return-code"}, out.code); err != nil {
		return err
	}
	for key, text := range map[string][]byte{"stdout": out.stdout, "stderr": out.stderr} {
		if len(text) == 0 {
			continue
		}
		value := string(text)
		if !utf8.Valid(text) {
			value = base64.StdEncoding.EncodeToString(text)
			if err := c.UpdateActionResults([]string{key + "-encoding"}, "base64"); err != nil {
				return err
			}
		}
		if err := c.UpdateActionResults([]string{key}, value); err != nil {
			return err
		}
	}
	return nil
}

// process is the runner's hookProcess.
type process struct{ *os.Process }

// Pid implements runnercontext.HookProcess.
func (p process) Pid() int { return p.Process.Pid }
