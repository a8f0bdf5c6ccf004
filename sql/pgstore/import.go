package pgstore

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// csvSource is the source of people who come from a file.
const csvSource = "csv"

// ImportPeople replaces what a tenant's directory has from the source "csv" by
// people, and says how many were added, changed and removed. It is all or
// nothing; a refusal is Invalid and names the person.
//
// A contact point keeps the date on which it was first put on file, whatever
// the new file says; one that had been taken off and comes back is as old as
// its return. Nothing is forgotten: people and points that are no longer in the
// file are marked as removed.
func (s *Store) ImportPeople(ctx context.Context, tenant holds.TenantID, by holds.By, people []holds.Person) (added, changed, removed int, err error) {
	people = clean(people)
	if err := checkPeople(people); err != nil {
		return 0, 0, 0, err
	}
	now := s.Now()
	err = s.inTenant(ctx, tenant, "import people", func(t *tx) error {
		im := &importer{tx: t, now: now, touched: map[holds.PersonID]bool{}}
		if err := im.read(ctx); err != nil {
			return err
		}
		if err := im.replace(ctx, people); err != nil {
			return err
		}
		added, changed, removed = im.added, len(im.touched), im.removed
		t.record(now, "", "", holds.Entry{Kind: "people.imported", By: by, Facts: map[string]string{
			"source": csvSource, "added": strconv.Itoa(added), "changed": strconv.Itoa(changed), "removed": strconv.Itoa(removed),
		}})
		return nil
	})
	return added, changed, removed, err
}

// checkPeople refuses what could not be told apart or written to the audit log
// later on.
func checkPeople(people []holds.Person) error {
	word := regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,200}$`)
	seen := map[holds.PersonID]bool{}
	owner := map[holds.PersonAccount]holds.PersonID{}
	for _, p := range people {
		if !word.MatchString(string(p.ID)) {
			return holds.Refuse(holds.Invalid, "The id %q of a person is not made of letters, digits, _ . : and - (at most 200). Ids go into the audit log, so use a number or a short name, not an address.", p.ID)
		}
		if seen[p.ID] {
			return holds.Refuse(holds.Invalid, "The person %q is listed twice.", p.ID)
		}
		seen[p.ID] = true
		for _, a := range p.Accounts {
			if other, taken := owner[a]; taken && other != p.ID {
				return holds.Refuse(holds.Invalid, "The account %q of %q is listed for both %q and %q; an account belongs to one person.", a.Account, a.Connection, other, p.ID)
			}
			if a.Account == "" || a.Account != safeKey(a.Account) {
				return holds.Refuse(holds.Invalid, "An account id of the person %q is empty or too long.", p.ID)
			}
			owner[a] = p.ID
		}
		for _, point := range p.Points {
			if point.Kind != holds.EmailPoint && point.Kind != holds.PhonePoint || normal(point.Kind, point.Value) == "" {
				return holds.Refuse(holds.Invalid, "A contact point of the person %q is neither an e-mail address nor a telephone number.", p.ID)
			}
		}
	}
	return nil
}

// importer is one replacement of a directory.
type importer struct {
	*tx
	now      time.Time
	people   map[holds.PersonID]pgdb.Person
	accounts map[holds.PersonAccount]holds.PersonID
	points   map[holds.PersonID]map[string][]pgdb.ContactPoint // by person, kind and keyed digest, oldest first

	added, removed int
	touched        map[holds.PersonID]bool
}

// read reads the directory as it is, and keeps other imports away.
func (im *importer) read(ctx context.Context) error {
	if err := im.lock(ctx, "directory "+string(im.tenant)); err != nil {
		return err
	}
	im.people = map[holds.PersonID]pgdb.Person{}
	im.accounts = map[holds.PersonAccount]holds.PersonID{}
	im.points = map[holds.PersonID]map[string][]pgdb.ContactPoint{}
	people, err := im.ListPeople(ctx, string(im.tenant))
	if err != nil {
		return err
	}
	for _, row := range people {
		im.people[holds.PersonID(row.PersonID)] = row
	}
	accounts, err := im.ListAllAccounts(ctx, string(im.tenant))
	if err != nil {
		return err
	}
	for _, row := range accounts {
		im.accounts[holds.PersonAccount{Connection: holds.ConnectionID(row.ConnectionID), Account: row.AccountID}] = holds.PersonID(row.PersonID)
	}
	points, err := im.ListAllPoints(ctx, string(im.tenant))
	for _, row := range points {
		person := holds.PersonID(row.PersonID)
		if im.points[person] == nil {
			im.points[person] = map[string][]pgdb.ContactPoint{}
		}
		key := row.Kind + string(row.ValueKey)
		im.points[person][key] = append(im.points[person][key], row)
	}
	return err
}

func (im *importer) replace(ctx context.Context, people []holds.Person) error {
	wanted := map[holds.PersonID]bool{}
	accounts := map[holds.PersonAccount]holds.PersonID{}
	for _, p := range people {
		wanted[p.ID] = true
		if err := im.putPerson(ctx, p); err != nil {
			return err
		}
		for _, a := range p.Accounts {
			accounts[a] = p.ID
		}
	}
	if err := im.putAccounts(ctx, accounts); err != nil {
		return err
	}
	for _, p := range people {
		if err := im.putPoints(ctx, p.ID, p.Points); err != nil {
			return err
		}
	}
	for person, row := range im.people {
		if wanted[person] || row.Source != csvSource || row.RemovedAt.Valid {
			continue
		}
		if err := im.remove(ctx, person); err != nil {
			return err
		}
	}
	return nil
}

func (im *importer) putPerson(ctx context.Context, p holds.Person) error {
	was, known := im.people[p.ID]
	switch {
	case known && was.Source != csvSource && !was.RemovedAt.Valid:
		return holds.Refuse(holds.Invalid, "The person %q is in the directory from %q and cannot come from a file too.", p.ID, was.Source)
	case !known || was.RemovedAt.Valid:
		im.added++
	case was.Name != p.Name || was.Belonging != string(p.Belonging) || was.ManagerID != string(p.Manager) || was.Department != p.Department:
		im.change(p.ID)
	default:
		return nil
	}
	return im.UpsertPerson(ctx, pgdb.UpsertPersonParams{
		TenantID: string(im.tenant), PersonID: string(p.ID), Source: csvSource, Name: p.Name, Belonging: string(p.Belonging),
		ManagerID: string(p.Manager), Department: p.Department,
	})
}

// change counts a person once, and not one that was only just added.
func (im *importer) change(person holds.PersonID) {
	if was, known := im.people[person]; known && !was.RemovedAt.Valid {
		im.touched[person] = true
	}
}

// putAccounts links the accounts as wanted; those of people from elsewhere stay.
func (im *importer) putAccounts(ctx context.Context, wanted map[holds.PersonAccount]holds.PersonID) error {
	for a, person := range im.accounts {
		if wanted[a] == person || im.people[person].Source != csvSource {
			continue
		}
		err := im.DeleteAccount(ctx, pgdb.DeleteAccountParams{
			TenantID: string(im.tenant), ConnectionID: string(a.Connection), AccountID: a.Account, PersonID: string(person),
		})
		if err != nil {
			return err
		}
		im.change(person)
	}
	for a, person := range wanted {
		was, linked := im.accounts[a]
		if was == person && linked {
			continue
		}
		if linked && im.people[was].Source != csvSource {
			return holds.Refuse(holds.Invalid, "The account %q of %q belongs to the person %q, who is not from a file.", a.Account, a.Connection, was)
		}
		err := im.UpsertAccount(ctx, pgdb.UpsertAccountParams{
			TenantID: string(im.tenant), ConnectionID: string(a.Connection), AccountID: a.Account, PersonID: string(person),
		})
		if err != nil {
			if err = translate("import people", err); holds.KindOf(err) == holds.NotFound {
				return holds.Because(holds.Invalid, err, "The person %q has an account in the connection %q, which is not configured.", person, a.Connection)
			}
			return err
		}
		im.change(person)
	}
	return nil
}

func (im *importer) putPoints(ctx context.Context, person holds.PersonID, points []holds.ContactPoint) error {
	wanted := map[string]bool{}
	for _, p := range points {
		key := string(p.Kind) + string(im.store.pointKey(im.tenant, p))
		if wanted[key] {
			continue
		}
		wanted[key] = true
		if err := im.putPoint(ctx, person, p, im.points[person][key]); err != nil {
			return err
		}
	}
	for key, rows := range im.points[person] {
		last := rows[len(rows)-1]
		if wanted[key] || last.RemovedAt.Valid || last.Source != csvSource {
			continue
		}
		if err := im.RemovePoint(ctx, pgdb.RemovePointParams{At: im.now, TenantID: string(im.tenant), PointID: last.PointID}); err != nil {
			return err
		}
		im.change(person)
	}
	return nil
}

// putPoint adds a contact point that is not on file; history is what is known
// of it.
func (im *importer) putPoint(ctx context.Context, person holds.PersonID, p holds.ContactPoint, history []pgdb.ContactPoint) error {
	onFile := p.Recorded // an unknown day stays unknown
	if len(history) > 0 {
		last := history[len(history)-1]
		if !last.RemovedAt.Valid {
			if last.WithinID == string(p.Within) && last.Shared == p.Shared {
				return nil
			}
			im.change(person)
			return im.PlacePoint(ctx, pgdb.PlacePointParams{
				TenantID: string(im.tenant), PointID: last.PointID, WithinID: string(p.Within), Shared: p.Shared,
			})
		}
		onFile = im.now
	}
	point := uuid.New()
	sealed, err := im.store.keys.seal([]byte(p.Value), pointPlace(string(im.tenant), point))
	if err != nil {
		return err
	}
	im.change(person)
	return im.InsertPoint(ctx, pgdb.InsertPointParams{
		TenantID: string(im.tenant), PointID: point, PersonID: string(person), Kind: string(p.Kind), Value: sealed,
		ValueKey: im.store.pointKey(im.tenant, p), Source: csvSource, WithinID: string(p.Within), OnFileAt: nullTime(onFile), Shared: p.Shared,
	})
}

// remove takes a person out of the directory; the accounts are gone already.
func (im *importer) remove(ctx context.Context, person holds.PersonID) error {
	im.removed++
	delete(im.touched, person)
	if err := im.putPoints(ctx, person, nil); err != nil {
		return err
	}
	delete(im.touched, person)
	return im.RemovePerson(ctx, pgdb.RemovePersonParams{At: im.now, TenantID: string(im.tenant), PersonID: string(person)})
}
