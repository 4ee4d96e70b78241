package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	corelogger "github.com/juju/juju/core/logger"
	"github.com/juju/juju/internal/worker/common/charmrunner"
)

// output is what a charm's program has left behind.
type output struct {
	code           int
	stdout, stderr []byte
}

// stream is one of the two outputs of the charm's program: logged, and kept for an action's results.
type stream struct {
	corelogger.Logger
	level corelogger.Level
	write *os.File
	log   *charmrunner.HookLogger
	once  sync.Once
	ended chan struct{}

	mu   sync.Mutex
	kept bytes.Buffer
}

func follow(logger corelogger.Logger, level corelogger.Level) (*stream, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s := &stream{Logger: logger, level: level, write: write, ended: make(chan struct{})}
	s.log = charmrunner.NewHookLogger(read, s)
	go func() {
		s.log.Run()
		close(s.ended)
	}()
	return s, nil
}

// stop waits for the end of the output, though not for a process that the charm left in the background with it.
func (s *stream) stop() {
	s.once.Do(func() {
		_ = s.write.Close()
		select {
		case <-s.ended:
		case <-time.After(100 * time.Millisecond):
		}
		s.log.Stop()
	})
}

func (s *stream) text() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.kept.Bytes())
}

// Messagef implements charmrunner.MessageReceiver.
func (s *stream) Messagef(isPrefix bool, message string, args ...any) {
	s.Logf(context.Background(), s.level, corelogger.Labels{}, message, args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(&s.kept, message, args...)
	if !isPrefix {
		s.kept.WriteByte('\n')
	}
}
