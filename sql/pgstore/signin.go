package pgstore

import (
	"context"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// CreateLink keeps a sign-in link for a person, by the SHA-256 of its token.
func (s *Store) CreateLink(ctx context.Context, tenant holds.TenantID, person holds.PersonID, token [32]byte, expires time.Time, by holds.By) error {
	now := s.Now()
	return s.inTenant(ctx, tenant, "make a sign-in link", func(t *tx) error {
		row, err := t.GetPerson(ctx, pgdb.GetPersonParams{TenantID: string(tenant), PersonID: string(person)})
		if err != nil {
			return err
		}
		if row.RemovedAt.Valid {
			return holds.Refuse(holds.NotFound, "The person is no longer in the directory.")
		}
		t.record(now, "", "", holds.Entry{Kind: "signin.link_made", By: by, Facts: map[string]string{"person": string(person)}})
		return t.InsertLink(ctx, pgdb.InsertLinkParams{
			TenantID: string(tenant), Token: token[:], PersonID: string(person), By: cleanText(string(by)), ExpiresAt: cleanTime(expires),
		})
	})
}

// UseLink uses a sign-in link up and says whose it is. It succeeds once, before
// the link expires, while the person is in the directory; otherwise the link is
// not found.
func (s *Store) UseLink(ctx context.Context, tenant holds.TenantID, token [32]byte, now time.Time) (person holds.PersonID, err error) {
	err = s.inTenant(ctx, tenant, "use a sign-in link", func(t *tx) error {
		found, err := t.UseLink(ctx, pgdb.UseLinkParams{At: cleanTime(now), TenantID: string(tenant), Token: token[:]})
		if err != nil {
			return err
		}
		person = holds.PersonID(found)
		t.record(now, "", "", holds.Entry{Kind: "signin.link_used", By: holds.ByPerson(person)})
		return nil
	})
	return person, err
}

// CreateSession keeps a session by the SHA-256 of its cookie.
func (s *Store) CreateSession(ctx context.Context, session holds.Session) error {
	return s.inTenant(ctx, session.Tenant, "open a session", func(t *tx) error {
		return t.InsertSession(ctx, pgdb.InsertSessionParams{
			TenantID: string(session.Tenant), Token: session.Token[:], PersonID: string(session.Person),
			CreatedAt: cleanTime(session.Created), ExpiresAt: cleanTime(session.Expires),
		})
	})
}

// Session is the session of a token; not found once it is over, or its person
// has left the directory.
func (s *Store) Session(ctx context.Context, tenant holds.TenantID, token [32]byte, now time.Time) (out holds.Session, err error) {
	err = s.inTenant(ctx, tenant, "read a session", func(t *tx) error {
		row, err := t.GetSession(ctx, pgdb.GetSessionParams{TenantID: string(tenant), Token: token[:], At: cleanTime(now)})
		out = holds.Session{
			Token: token, Tenant: tenant, Person: holds.PersonID(row.PersonID), Created: row.CreatedAt.UTC(), Expires: row.ExpiresAt.UTC(),
		}
		return err
	})
	if err != nil {
		return holds.Session{}, err
	}
	return out, nil
}

// EndSession ends a session. Ending one that is over, or never was, is no error.
func (s *Store) EndSession(ctx context.Context, tenant holds.TenantID, token [32]byte, now time.Time) error {
	return s.inTenant(ctx, tenant, "end a session", func(t *tx) error {
		return t.EndSession(ctx, pgdb.EndSessionParams{At: cleanTime(now), TenantID: string(tenant), Token: token[:]})
	})
}
