// Command juju-runner runs hooks and actions as the unit agent of Juju 3.6 does, without a controller.
//
// It is Juju's own runner, hook context and hook-tool server; only the API of the controller is answered here, from a
// state. Each line of standard input is a run in JSON, and is answered by a line with the state after it. It ends with
// its input.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/juju/loggo"

	"github.com/juju/juju/internal/worker/uniter/runner/jujuc"
)

// run is a line of standard input.
type run struct {
	// Charm is the folder that the charm was unpacked into, with its dispatch.
	Charm string `json:"charm"`
	State *state `json:"state"`
	// Hook is nil for an action.
	Hook   *hookInfo `json:"hook"`
	Action *action   `json:"action"`
	// Variables are added to the environment.
	Variables map[string]string `json:"variables"`
}

// outcome is a line of standard output.
type outcome struct {
	State *state `json:"state"`
	// Error is why the hook failed, if it did.
	Error  string        `json:"error"`
	Action *actionResult `json:"action"`
	// Requests are the methods that were asked of the controller, in order.
	Requests []string `json:"requests"`
}

func main() {
	tools := flag.String("jujuc", "", "the program that is every hook tool")
	logging := flag.String("log", "<root>=ERROR", "what goes to standard error")
	flag.Parse()
	if err := serve(*tools, *logging); err != nil {
		fmt.Fprintln(os.Stderr, "juju-runner:", err)
		os.Exit(1)
	}
}

func serve(tools, logging string) error {
	if err := loggo.ConfigureLoggers(logging); err != nil {
		return err
	}
	base, err := os.MkdirTemp("", "jr")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(base) }()
	if err := link(tools, filepath.Join(base, toolsFolder)); err != nil {
		return err
	}
	in, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err != nil && err != io.EOF {
			return err
		}
		var r run
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		outcome, err := r.perform(base)
		if err != nil {
			return err
		}
		if err := out.Encode(outcome); err != nil {
			return err
		}
	}
}

// link makes a folder with all hook tools, as the agent does.
func link(program, folder string) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	for _, name := range jujuc.CommandNames() {
		if err := os.Symlink(program, filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}
