package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"strings"
	"time"

	"github.com/juju/errors"
	"github.com/juju/names/v6"

	"github.com/juju/juju/apiserver/observer"
	coredatabase "github.com/juju/juju/core/database"
	internallogger "github.com/juju/juju/internal/logger"
	"github.com/juju/juju/rpc"
	"github.com/juju/juju/rpc/params"
)

// The tables of the history are filled by triggers, as part of the transactions that they tell of: a change is in them
// if and only if others could see it, and they have the order in which changes took effect.
const (
	databagTables = `
CREATE TABLE stand_databag (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    milliseconds INTEGER NOT NULL,
    relation INTEGER NOT NULL,
    application TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT, -- NULL: the key is gone
    writer TEXT -- NULL: Juju itself, with the relation
);
CREATE TRIGGER stand_databag_insert AFTER INSERT ON relation_application_setting BEGIN
    INSERT INTO stand_databag (milliseconds, relation, application, endpoint, key, value)
    SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER), r.relation_id, e.application_name, e.endpoint_name, NEW.key, NEW.value
    FROM v_relation_endpoint AS e JOIN relation AS r ON r.uuid = e.relation_uuid
    WHERE e.relation_endpoint_uuid = NEW.relation_endpoint_uuid;
END;
CREATE TRIGGER stand_databag_update AFTER UPDATE ON relation_application_setting WHEN NEW.value != OLD.value BEGIN
    INSERT INTO stand_databag (milliseconds, relation, application, endpoint, key, value)
    SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER), r.relation_id, e.application_name, e.endpoint_name, NEW.key, NEW.value
    FROM v_relation_endpoint AS e JOIN relation AS r ON r.uuid = e.relation_uuid
    WHERE e.relation_endpoint_uuid = NEW.relation_endpoint_uuid;
END;
CREATE TRIGGER stand_databag_delete AFTER DELETE ON relation_application_setting BEGIN
    INSERT INTO stand_databag (milliseconds, relation, application, endpoint, key)
    SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER), r.relation_id, e.application_name, e.endpoint_name, OLD.key
    FROM v_relation_endpoint AS e JOIN relation AS r ON r.uuid = e.relation_uuid
    WHERE e.relation_endpoint_uuid = OLD.relation_endpoint_uuid;
END;`

	// A lease is prolonged by an update, and changes hands by being deleted and inserted. Type 1 is leadership.
	leaderTables = `
CREATE TABLE stand_leader (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    milliseconds INTEGER NOT NULL,
    application TEXT NOT NULL,
    unit TEXT -- NULL: nobody
);
CREATE TRIGGER stand_leader_insert AFTER INSERT ON lease WHEN NEW.lease_type_id = 1 BEGIN
    INSERT INTO stand_leader (milliseconds, application, unit)
    VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), NEW.name, NEW.holder);
END;
CREATE TRIGGER stand_leader_delete AFTER DELETE ON lease WHEN OLD.lease_type_id = 1 BEGIN
    INSERT INTO stand_leader (milliseconds, application)
    VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), OLD.name);
END;`
)

// history keeps every change of the applications' databags and of leadership.
type history struct {
	model      coredatabase.TxnRunner
	controller coredatabase.TxnRunner
}

// startHistory keeps a history from now on.
func startHistory(ctx context.Context, dbs *databases, id identity) (*history, error) {
	var h history
	for _, of := range []struct {
		runner            *coredatabase.TxnRunner
		namespace, tables string
	}{
		{&h.model, id.model.String(), databagTables},
		{&h.controller, coredatabase.ControllerNS, leaderTables},
	} {
		db, err := dbs.GetDB(ctx, of.namespace)
		if err == nil {
			err = db.StdTxn(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, of.tables)
				return err
			})
		}
		if err != nil {
			return nil, errors.Annotatef(err, "keeping the history of the database %s", of.namespace)
		}
		*of.runner = db
	}
	return &h, nil
}

// historyReport is a history as the control socket tells it.
type historyReport struct {
	Databags []databagChange `json:"databags"`
	Leaders  []leaderChange  `json:"leaders"`
}

// databagChange is a new value of one key of an application's databag.
type databagChange struct {
	Milliseconds int64  `json:"milliseconds"`
	Relation     int    `json:"relation"`
	Application  string `json:"application"`
	Endpoint     string `json:"endpoint"`
	Key          string `json:"key"`
	// Value is the beginning of the SHA-256 of the value, which may be a password; empty when the key is gone.
	Value string `json:"value"`
	// Writer is the unit whose hook it was; empty when Juju removed the relation.
	Writer string `json:"writer"`
}

// leaderChange is a lease that somebody has got or lost.
type leaderChange struct {
	Milliseconds int64  `json:"milliseconds"`
	Application  string `json:"application"`
	// Unit is the leader from then on; empty for nobody.
	Unit string `json:"unit"`
}

// report tells the history so far.
func (h *history) report(ctx context.Context) (*historyReport, error) {
	all := historyReport{Databags: []databagChange{}, Leaders: []leaderChange{}}
	err := rows(ctx, h.model, `
SELECT milliseconds, relation, application, endpoint, key, value, COALESCE(writer, '')
FROM stand_databag ORDER BY number`, func(scan func(...any) error) error {
		var c databagChange
		var value sql.NullString
		if err := scan(&c.Milliseconds, &c.Relation, &c.Application, &c.Endpoint, &c.Key, &value, &c.Writer); err != nil {
			return err
		}
		if value.Valid {
			sum := sha256.Sum256([]byte(value.String))
			c.Value = hex.EncodeToString(sum[:8])
		}
		all.Databags = append(all.Databags, c)
		return nil
	})
	if err != nil {
		return nil, errors.Annotate(err, "reading the history of databags")
	}
	err = rows(ctx, h.controller, `
SELECT milliseconds, application, COALESCE(unit, '') FROM stand_leader ORDER BY number`, func(scan func(...any) error) error {
		var c leaderChange
		if err := scan(&c.Milliseconds, &c.Application, &c.Unit); err != nil {
			return err
		}
		all.Leaders = append(all.Leaders, c)
		return nil
	})
	return &all, errors.Annotate(err, "reading the history of leadership")
}

func rows(ctx context.Context, db coredatabase.TxnRunner, query string, row func(func(...any) error) error) error {
	return db.StdTxn(ctx, func(ctx context.Context, tx *sql.Tx) error {
		found, err := tx.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer func() { _ = found.Close() }()
		for found.Next() {
			if err := row(found.Scan); err != nil {
				return err
			}
		}
		return found.Err()
	})
}

// observer notes whose hook a change of a databag was, for one connection.
func (h *history) observer() observer.Observer { return &writerObserver{history: h} }

type writerObserver struct {
	observer.BaseObserver
	history *history
}

// Leave implements observer.Observer.
func (*writerObserver) Leave(context.Context) {}

// RPCObserver implements rpc.ObserverFactory: one for each request.
func (o *writerObserver) RPCObserver() rpc.Observer {
	unit, ok := o.AgentTag().(names.UnitTag)
	if !ok {
		return observer.None().RPCObserver()
	}
	return &commitObserver{history: o.history, unit: unit.Id()}
}

// commitObserver waits for the end of a hook that changes databags of its application. Until its agent hears of it,
// nobody else can have changed the same keys.
type commitObserver struct {
	history *history
	unit    string
	begun   int64
	bags    []params.RelationUnitSettings
}

// ServerRequest implements rpc.Observer.
func (o *commitObserver) ServerRequest(_ context.Context, _ *rpc.Header, body any) {
	args, ok := body.(params.CommitHookChangesArgs)
	if !ok {
		return
	}
	o.begun = time.Now().UnixMilli()
	for _, arg := range args.Args {
		o.bags = append(o.bags, arg.RelationUnitSettings...)
	}
}

// ServerReply implements rpc.Observer.
func (o *commitObserver) ServerReply(ctx context.Context, _ rpc.Request, header *rpc.Header, body any) {
	results, ok := body.(params.ErrorResults)
	if len(o.bags) == 0 || !ok || header.Error != "" || results.OneError() != nil {
		return
	}
	err := o.history.model.StdTxn(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, bag := range o.bags {
			if err := o.sign(ctx, tx, bag); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		internallogger.GetLogger("juju.stand").Errorf(ctx, "noting what %s has written: %v", o.unit, err)
	}
}

func (o *commitObserver) sign(ctx context.Context, tx *sql.Tx, bag params.RelationUnitSettings) error {
	application, err := names.UnitApplication(o.unit)
	if err != nil {
		return err
	}
	relation, err := names.ParseRelationTag(bag.Relation)
	if err != nil {
		return err
	}
	for _, end := range strings.Fields(relation.Id()) { // APPLICATION:ENDPOINT
		endpoint, ours := strings.CutPrefix(end, application+":")
		if !ours {
			continue
		}
		for key := range bag.ApplicationSettings {
			if _, err := tx.ExecContext(ctx, `
UPDATE stand_databag SET writer = ?
WHERE writer IS NULL AND milliseconds >= ? AND application = ? AND endpoint = ? AND key = ?`,
				o.unit, o.begun, application, endpoint, key); err != nil {
				return err
			}
		}
	}
	return nil
}
