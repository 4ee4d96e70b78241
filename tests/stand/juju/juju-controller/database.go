package main

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"

	"github.com/canonical/sqlair"
	"github.com/juju/clock"
	"github.com/juju/errors"
	_ "github.com/mattn/go-sqlite3" // The driver "sqlite3".

	"github.com/juju/juju/core/changestream"
	coredatabase "github.com/juju/juju/core/database"
	"github.com/juju/juju/domain/schema"
	"github.com/juju/juju/internal/database"
	"github.com/juju/juju/internal/database/txn"
	internallogger "github.com/juju/juju/internal/logger"
	wchangestream "github.com/juju/juju/internal/worker/changestream"
)

// controllerNodeID is the dqlite node that the change stream takes this process for; any number will do.
const controllerNodeID = 0x2dc171858c3155be

// databaseFile is a coredatabase.TxnRunner on a plain SQLite file.
type databaseFile struct {
	db    *sqlair.DB
	retry *txn.RetryingTxnRunner
	dying chan struct{}
}

func openDatabaseFile(dir, name string) (*databaseFile, error) {
	// Nothing outlives the process, so nothing is synced. Transactions take the write lock when they begin: a lock
	// that is taken later fails with SQLITE_BUSY instead of waiting.
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, name)+
		".db?_foreign_keys=1&_journal_mode=WAL&_synchronous=OFF&_busy_timeout=20000&_txlock=immediate")
	if err != nil {
		return nil, errors.Annotatef(err, "opening the database %s", name)
	}
	return &databaseFile{db: sqlair.NewDB(db), retry: txn.NewRetryingTxnRunner(), dying: make(chan struct{})}, nil
}

// Txn implements coredatabase.TxnRunner.
func (f *databaseFile) Txn(ctx context.Context, fn func(context.Context, *sqlair.TX) error) error {
	return f.retry.Retry(ctx, func() error { return f.retry.Txn(ctx, f.db, fn) })
}

// StdTxn implements coredatabase.TxnRunner.
func (f *databaseFile) StdTxn(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	return f.retry.Retry(ctx, func() error { return f.retry.StdTxn(ctx, f.db.PlainDB(), fn) })
}

// Dying implements coredatabase.TxnRunner.
func (f *databaseFile) Dying() <-chan struct{} { return f.dying }

// databases hands out one database per namespace: the controller's, and one for each model.
type databases struct {
	dir string

	mu        sync.Mutex
	files     map[string]*databaseFile
	watchable map[string]wchangestream.WatchableDBWorker
}

func newDatabases(dir string) *databases {
	return &databases{dir: dir, files: map[string]*databaseFile{}, watchable: map[string]wchangestream.WatchableDBWorker{}}
}

// file opens the database of a namespace, which is made with Juju's schema when it is new. The caller holds mu.
func (d *databases) file(ctx context.Context, namespace string) (*databaseFile, error) {
	if f, ok := d.files[namespace]; ok {
		return f, nil
	}
	f, err := openDatabaseFile(d.dir, namespace)
	if err != nil {
		return nil, err
	}
	ddl := schema.ModelDDL()
	if namespace == coredatabase.ControllerNS {
		ddl = schema.ControllerDDL()
	}
	if _, err := ddl.Ensure(ctx, f); err != nil {
		return nil, errors.Annotatef(err, "making the tables of %s", namespace)
	}
	if namespace == coredatabase.ControllerNS {
		if err := database.InsertControllerNodeID(ctx, f, controllerNodeID); err != nil {
			return nil, errors.Annotate(err, "naming the controller's node")
		}
	}
	d.files[namespace] = f
	return f, nil
}

// GetDB implements coredatabase.DBGetter.
func (d *databases) GetDB(ctx context.Context, namespace string) (coredatabase.TxnRunner, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.file(ctx, namespace)
}

// GetWatchableDB implements changestream.WatchableDBGetter.
func (d *databases) GetWatchableDB(ctx context.Context, namespace string) (changestream.WatchableDB, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if w, ok := d.watchable[namespace]; ok {
		return w, nil
	}
	f, err := d.file(ctx, namespace)
	if err != nil {
		return nil, err
	}
	w, err := wchangestream.NewWatchableDB("controller-0-"+namespace, f, newSilentFileWatcher(),
		eagerClock{clock.WallClock}, noChangeStreamMetrics{}, internallogger.GetLogger("juju.changestream"))
	if err != nil {
		return nil, errors.Annotatef(err, "watching the database %s", namespace)
	}
	d.watchable[namespace] = w
	return w, nil
}

// factory makes watchable databases of one namespace.
func (d *databases) factory(namespace string) changestream.WatchableDBFactory {
	return changestream.NewWatchableDBFactoryForNamespace(d.GetWatchableDB, namespace)
}

// ClusterDetails implements coredatabase.ClusterDescriber.
func (*databases) ClusterDetails(context.Context) ([]coredatabase.ClusterNodeInfo, error) {
	return nil, nil
}
