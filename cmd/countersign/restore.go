package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/holds/audit/anchor"
	"github.com/countersign/countersign/holds/keeper"
	"github.com/countersign/countersign/sql/pgstore"
)

// restoreLook is between two comparisons of the log with what was published, and
// restoreSay between two lines that say that nothing acts.
const restoreLook = time.Minute

// errRewritten is matched when the log does not even agree with itself.
var errRewritten = errors.New("the audit log was altered, and restore mode stays until a database is in place whose log is whole")

// behind says how the audit log stays behind what was published of it, empty when
// it does not. The checkpoint is read first: a log that only grows is never
// smaller than what was published before.
func (s *service) behind(ctx context.Context) (why string, err error) {
	last, _, err := s.anchor.Directory.Latest(ctx)
	if errors.Is(err, anchor.ErrEmpty) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	size, root, err := s.store.Root(ctx)
	switch {
	case err != nil:
		return "", err
	case size < last.Size:
		return fmt.Sprintf("the audit log has %d entries and %d were published at %s: the database was restored from a backup, or lost its last commits", size, last.Size, stamp(last.Time)), nil
	case size == last.Size && root != last.Root:
		return fmt.Sprintf("the audit log has %d entries, but not those that were published at %s", size, stamp(last.Time)), nil
	case size == last.Size:
		return "", nil
	}
	proof, err := s.grew(ctx, size, last.Size)
	if err != nil {
		return "", err
	}
	if audit.CheckTree(proof, audit.Checkpoint{Origin: last.Origin, Size: size, Root: root}, last) != nil {
		return fmt.Sprintf("the audit log does not continue the %d entries that were published at %s: another database, or another installation on the same directory, published them", last.Size, stamp(last.Time)), nil
	}
	return "", nil
}

// noticeRestore enters restore mode when the log is behind, and says in the log
// that the installation is in it, whoever noticed.
func (s *service) noticeRestore(ctx context.Context) {
	why, err := s.behind(ctx)
	if err == nil && why != "" {
		_, err = s.store.NoteRestore(ctx, why)
	}
	if err != nil && ctx.Err() == nil {
		s.log.Error("whether the database was restored could not be told", "error", err)
		return
	}
	if since, why, err := s.store.Restoring(ctx); err == nil && !since.IsZero() {
		s.log.Error("restore mode: deliveries are taken and holds open, but nothing is restrained, released or sent; run `countersign restore`",
			"since", since, "why", why)
	}
}

// watchRestore compares again and again: a database can be restored, or fail over,
// under a running service.
func (s *service) watchRestore(ctx context.Context) error {
	tick := time.NewTicker(restoreLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.noticeRestore(ctx)
		}
	}
}

type restoreCommand struct {
	configFlag
}

// Run takes an installation out of restore mode, after a backup was restored or
// the database failed over.
func (c restoreCommand) Run(ctx context.Context, std streams) (err error) {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	s := &service{config: cfg, log: newLogger(std.err), refused: newRefusals()}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	if s.keys, err = cfg.openKeys(); err != nil {
		return err
	}
	if s.db, err = cfg.attach(ctx); err != nil {
		return err
	}
	if s.db.owner == "" {
		return errors.New("ending restore mode needs the owner's role: set DATABASE_OWNER_URL or database.owner_url_file")
	}
	if err := s.openStore(ctx); err != nil {
		return err
	}
	cfg.Health.Listen = noHealth // a command has nobody who asks how it is
	if err := s.openMonitor(); err != nil {
		return err
	}
	if err := s.openProviders(seamsOf(ctx)); err != nil {
		return err
	}
	if err := s.makeKeeper(ctx); err != nil {
		return err
	}
	if err := s.openAnchor(); err != nil {
		return err
	}
	return s.restore(ctx, std)
}

// restore does the steps in the order in which each may fail and be done again:
// nothing acts, the log is what was published, the ledger is what the providers
// show, the loss is in the log, and only then the next epoch.
func (s *service) restore(ctx context.Context, std streams) error {
	if _, err := s.store.NoteRestore(ctx, "somebody ran `countersign restore`"); err != nil {
		return err
	}
	facts, agreed, err := s.lost(ctx)
	if err != nil {
		return err
	}
	if n := facts["lost"]; n != "" {
		fmt.Fprintf(std.out, "The audit log agrees with what was published up to entry %d. Up to %s entries after it, published at %s at the latest, are lost with what they told of.\n",
			agreed, n, facts["published_at"])
	} else {
		fmt.Fprintf(std.out, "The audit log has %s entries and continues all that was published.\n", facts["entries"])
	}
	counts, err := s.reconcile(ctx, std)
	if err != nil {
		return err
	}
	for name, n := range counts {
		facts[name] = strconv.Itoa(n)
	}
	if err := s.store.RecordRestore(ctx, holds.BySystem("command-line"), facts); err != nil {
		return err
	}
	aside := "set-aside-" + s.store.Now().Format("20060102T150405Z")
	var moved []anchor.File
	if facts["lost"] != "" {
		if moved, err = s.anchor.Directory.SetAside(ctx, agreed, aside); err != nil {
			return err
		}
	}
	if len(moved) > 0 {
		fmt.Fprintf(std.out, "%d checkpoints of the lost entries are kept in %s.\n", len(moved), aside)
	}
	epoch, jobs, err := pgstore.FinishRestore(ctx, s.db.owner)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "Restore mode is over. This is epoch %d; %d jobs are planned anew.\n"+
		"Stop every process that still runs on another copy of this database: at the providers nothing tells the two apart.\n", epoch, jobs)
	return err
}

// lost says from where on the log is another one than what was published: the
// newest checkpoint it agrees with is the last that is known of it. The log itself
// was verified against every checkpoint up to that one. That somebody rewrote what
// came after cannot be told from a restore; the checkpoints that are set aside are
// the proof of what there was.
func (s *service) lost(ctx context.Context) (facts map[string]string, agreed int64, err error) {
	size, root, err := s.store.Root(ctx)
	if err != nil {
		return nil, 0, err
	}
	all, err := s.anchor.Directory.All(ctx)
	if err != nil && !errors.Is(err, anchor.ErrEmpty) {
		return nil, 0, err
	}
	facts = map[string]string{"entries": strconv.FormatInt(size, 10), "root": root.String()}
	var within []audit.Checkpoint
	for _, c := range all {
		same, err := s.agrees(ctx, c, size)
		if err != nil {
			return nil, 0, err
		}
		if same && len(facts) == 2 {
			within, agreed = append(within, c), c.Size
			continue
		}
		facts["agreed"] = strconv.FormatInt(agreed, 10)
		facts["published"] = strconv.FormatInt(c.Size, 10)
		facts["published_root"] = c.Root.String()
		facts["published_at"] = c.Time.UTC().Format(time.RFC3339)
		facts["lost"] = strconv.FormatInt(c.Size-agreed, 10)
	}
	report, err := pgstore.VerifyAudit(ctx, s.db.app, audit.Options{Checkpoints: within})
	if err != nil {
		return nil, 0, err
	}
	if !report.OK() {
		return nil, 0, fmt.Errorf("%w: %s", errRewritten, report)
	}
	return facts, agreed, nil
}

// agrees tells whether the log began as a checkpoint says.
func (s *service) agrees(ctx context.Context, c audit.Checkpoint, size int64) (bool, error) {
	if c.Size > size {
		return false, nil
	}
	root, err := s.store.RootAt(ctx, c.Size)
	return root == c.Root, err
}

// reconcile looks every hold that has not ended up at its provider.
func (s *service) reconcile(ctx context.Context, std streams) (map[string]int, error) {
	counts := map[string]int{"holds": 0, "marked": 0, "adopted": 0, "gone": 0}
	var failed []error
	for _, t := range s.config.Tenants {
		keys, err := s.store.Unended(ctx, holds.TenantID(t.ID))
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			counts["holds"]++
			r, err := s.keeper.Reconcile(ctx, key)
			if err != nil {
				failed = append(failed, fmt.Errorf("hold %s: %w", key.Hold, err))
				continue
			}
			count(counts, r)
			if line := found(r); line != "" {
				fmt.Fprintf(std.out, "hold %s: %s\n", key.Hold, line)
			}
		}
	}
	fmt.Fprintf(std.out, "%d holds were looked up at their providers.\n", counts["holds"])
	if len(failed) > 0 {
		return nil, fmt.Errorf("%d holds could not be looked up, so nothing acts yet; mend this and run it again:\n%w", len(failed), errors.Join(failed...))
	}
	return counts, nil
}

func count(counts map[string]int, r keeper.Reconciled) {
	counts["marked"] += len(r.Marked)
	if r.Adopted {
		counts["adopted"]++
	}
	if r.Gone {
		counts["gone"]++
	}
}

// found is what was found for a hold, in words.
func found(r keeper.Reconciled) string {
	switch {
	case r.Gone:
		return "it was restrained and is not any more; it is restrained again until people decide"
	case r.Adopted:
		return "it is restrained by a call of ours that was lost; its release will lift it"
	case len(r.Marked) > 0:
		return fmt.Sprintf("%d calls that had no outcome were made: %v", len(r.Marked), r.Marked)
	}
	return ""
}
