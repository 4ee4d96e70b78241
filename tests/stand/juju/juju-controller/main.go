// Command juju-controller is a Juju controller with one model on a Kubernetes, and the node of that Kubernetes.
//
// Real: API server, domain services, change stream, leases, object store, Juju's Kubernetes provider, the secret backend
// in Kubernetes, and the workers that make applications in the cluster, take dead things away and end leases. Databases
// are SQLite files (Juju: dqlite). Played: the kubelet (kubelet.go), the scheduler that has one node to choose from, the
// init container of Juju's pods (introduce.go) and the cluster's DNS (hosts.go); a pod is a process of the program given
// by -pod. There is no kube-proxy: the address of a Service leads nowhere, its names lead to pods.
//
// It prints one line of JSON when it is ready, and ends, with all its pods, when its standard input does.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/juju/errors"
	"github.com/juju/loggo/v3"

	internallogger "github.com/juju/juju/internal/logger"
)

func main() {
	opts, err := parseOptions(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(opts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "juju-controller:", err)
		os.Exit(1)
	}
}

func run(opts *options) error {
	if err := internallogger.ConfigureLoggers(opts.logging); err != nil {
		return errors.Annotatef(err, "understanding -log %q", opts.logging)
	}
	if _, err := loggo.ReplaceDefaultWriter(loggo.NewSimpleWriter(os.Stderr, loggo.DefaultFormatter)); err != nil {
		return errors.Annotate(err, "logging to standard error")
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c, err := startServer(ctx, opts)
	if err != nil {
		return err
	}
	defer c.stop()
	if err := json.NewEncoder(os.Stdout).Encode(c.ready()); err != nil {
		return errors.Annotate(err, "saying that the controller is ready")
	}
	waitForEnd()
	return nil
}

// waitForEnd returns when whoever started this process has gone, or asks by a signal.
func waitForEnd() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM)
	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(closed)
	}()
	select {
	case <-asked:
	case <-closed:
	}
}
