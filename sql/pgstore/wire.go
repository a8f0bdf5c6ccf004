package pgstore

import (
	"database/sql"
	"errors"
	"net/netip"
	"strings"

	"github.com/lib/pq"

	"github.com/countersign/countersign/sql/prepared"
)

// What a server that takes no writes answers: readOnly to a write, and notSupported
// to a BEGIN READ WRITE, as lib/pq sends it, on a standby in recovery.
const (
	readOnly     = "25006"
	notSupported = "0A000"
)

// safeWire refuses to send what is sealed at rest in clear over a network. Modes
// that fall back to clear when somebody asks them to are as good as none.
func safeWire(cfg pq.Config) error {
	switch cfg.SSLMode {
	case pq.SSLModeDisable, pq.SSLModeAllow, pq.SSLModePrefer:
	default:
		return nil
	}
	hosts := []string{address(cfg.Host, cfg.Hostaddr)}
	for _, m := range cfg.Multi {
		hosts = append(hosts, address(m.Host, m.Hostaddr))
	}
	for _, h := range hosts {
		if !onThisMachine(h) {
			return errors.New("the database is on another machine and its connection string says sslmode=" + string(cfg.SSLMode) +
				", so that everything could be read on the way: use sslmode=verify-full (or verify-ca) with sslrootcert")
		}
	}
	return nil
}

// CheckDSN says what Open would say of a connection string without connecting.
func CheckDSN(dsn string) error {
	_, err := connect(dsn, false)
	return err
}

// address is where a connection goes: a hostaddr overrules the name.
func address(host string, addr netip.Addr) string {
	if addr.IsValid() {
		return addr.String()
	}
	return host
}

// onThisMachine tells whether a host is a Unix socket or loopback.
func onThisMachine(host string) bool {
	if host == "" || host == "localhost" || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// leaveStandby gives the idle connections back when a server refused a write
// because it takes none, so that the next try connects anew: behind the same name
// there may be the new primary by now.
func (s *Store) leaveStandby(err error) {
	var pe *pq.Error
	if !errors.As(err, &pe) || pe.Code != readOnly && pe.Code != notSupported || prepared.Stale(err) {
		return
	}
	for _, db := range []*sql.DB{s.db, s.intake, s.doors} {
		if db == nil {
			continue
		}
		db.SetMaxIdleConns(0)
		db.SetMaxIdleConns(db.Stats().MaxOpenConnections)
	}
}
