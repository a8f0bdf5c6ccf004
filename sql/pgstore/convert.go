package pgstore

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/sqlc-dev/pqtype"
)

// nullTime stores the zero time as NULL.
func nullTime(at time.Time) sql.NullTime {
	return sql.NullTime{Time: cleanTime(at), Valid: !at.IsZero()}
}

// fromNull is the inverse of nullTime.
func fromNull(at sql.NullTime) time.Time {
	if !at.Valid {
		return time.Time{}
	}
	return at.Time.UTC()
}

// nullID stores an empty id as NULL. It must be a UUID otherwise.
func nullID[T ~string](s T) (uuid.NullUUID, error) {
	if s == "" {
		return uuid.NullUUID{}, nil
	}
	u, err := id(s)
	return uuid.NullUUID{UUID: u, Valid: true}, err
}

// inet stores an address, with or without a port, and NULL for anything else.
func inet(peer string) pqtype.Inet {
	addr, err := netip.ParseAddr(peer)
	if err != nil {
		with, err := netip.ParseAddrPort(peer)
		if err != nil {
			return pqtype.Inet{}
		}
		addr = with.Addr()
	}
	ip := net.IP(addr.WithZone("").Unmap().AsSlice())
	return pqtype.Inet{IPNet: net.IPNet{IP: ip, Mask: net.CIDRMask(len(ip)*8, len(ip)*8)}, Valid: true}
}

func fromInet(peer pqtype.Inet) string {
	if !peer.Valid {
		return ""
	}
	return peer.IPNet.IP.String()
}

// encode writes one of our own normalised documents.
func encode(what string, v any) (json.RawMessage, error) {
	out, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode the document of %s: %w", what, err)
	}
	return out, nil
}

// decode reads one back.
func decode(what string, doc []byte, v any) error {
	if err := json.Unmarshal(doc, v); err != nil {
		return fmt.Errorf("decode the document of %s: %w", what, err)
	}
	return nil
}

// names makes plain strings of typed ones.
func names[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}
