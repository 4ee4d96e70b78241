package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"

	"github.com/juju/clock"
	"github.com/juju/errors"

	coredatabase "github.com/juju/juju/core/database"
	"github.com/juju/juju/core/objectstore"
	domainservices "github.com/juju/juju/domain/services"
	internallogger "github.com/juju/juju/internal/logger"
	internalobjectstore "github.com/juju/juju/internal/objectstore"
	objectstoretesting "github.com/juju/juju/internal/objectstore/testing"
)

// objectStores keeps charms and resources in folders, one per namespace.
type objectStores struct {
	dir string
	dbs *databases

	mu     sync.Mutex
	stores map[string]objectstore.ObjectStore
}

func newObjectStores(dir string, dbs *databases) *objectStores {
	return &objectStores{dir: dir, dbs: dbs, stores: map[string]objectstore.ObjectStore{}}
}

// GetObjectStore implements objectstore.ObjectStoreGetter.
func (o *objectStores) GetObjectStore(ctx context.Context, namespace string) (objectstore.ObjectStore, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s, ok := o.stores[namespace]; ok {
		return s, nil
	}
	logger := internallogger.GetLogger("juju.objectstore")
	var metadata internalobjectstore.MetadataService = objectstoretesting.MemoryMetadataService()
	if namespace != coredatabase.ControllerNS {
		metadata = objectMetadata{domainservices.NewObjectStoreServices(
			o.dbs.factory(coredatabase.ControllerNS), o.dbs.factory(namespace), clock.WallClock, logger)}
	}
	if err := os.MkdirAll(filepath.Join(o.dir, namespace), 0o755); err != nil {
		return nil, errors.Annotatef(err, "making the object store of %s", namespace)
	}
	s, err := internalobjectstore.ObjectStoreFactory(ctx, internalobjectstore.DefaultBackendType(), namespace,
		internalobjectstore.WithRootDir(o.dir),
		internalobjectstore.WithMetadataService(metadata),
		internalobjectstore.WithClaimer(objectstoretesting.MemoryClaimer()),
		internalobjectstore.WithLogger(logger),
		internalobjectstore.WithClock(clock.WallClock),
		internalobjectstore.WithControllerNodeID("0"),
	)
	if err != nil {
		return nil, errors.Annotatef(err, "opening the object store of %s", namespace)
	}
	o.stores[namespace] = s
	return s, nil
}

type objectMetadata struct {
	services *domainservices.ObjectStoreServices
}

// ObjectStore implements internalobjectstore.MetadataService.
func (m objectMetadata) ObjectStore() objectstore.RemoteObjectStoreMetadata {
	return m.services.ObjectStore()
}
