package main

import (
	"context"
	"encoding/json"
	"os"
	"sync"

	"github.com/juju/errors"

	corelogger "github.com/juju/juju/core/logger"
	"github.com/juju/juju/core/model"
	internallogger "github.com/juju/juju/internal/logger"
)

// logSink writes the log records of agents where "juju debug-log" reads them: as lines of JSON in
// LogDir/logsink.log (apiserver/debuglog.go).
type logSink struct {
	mu   sync.Mutex
	file *os.File
}

func openLogSink(path string) (*logSink, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, errors.Annotate(err, "opening the log of the agents")
	}
	return &logSink{file: f}, nil
}

// Log implements corelogger.LogWriter.
func (s *logSink) Log(records []corelogger.LogRecord) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := json.NewEncoder(s.file)
	for _, r := range records {
		if err := lines.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// GetLogWriter implements corelogger.ModelLogger.
func (s *logSink) GetLogWriter(context.Context, model.UUID) (corelogger.LogWriter, error) {
	return s, nil
}

// RemoveLogWriter implements corelogger.ModelLogger.
func (*logSink) RemoveLogWriter(model.UUID) error { return nil }

// Close implements corelogger.ModelLogger; the file is needed until the process ends.
func (*logSink) Close() error { return nil }

// WatchRefresh implements corelogger.LoggerContextGetter.
func (*logSink) WatchRefresh() <-chan struct{} { return corelogger.NoRefresh() }

// GetLoggerContext implements corelogger.LoggerContextGetter.
func (*logSink) GetLoggerContext(context.Context, model.UUID) (corelogger.LoggerContext, error) {
	return internallogger.DefaultContext(), nil
}
