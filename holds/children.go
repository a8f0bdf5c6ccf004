package holds

import "slices"

// The change that opened a hold is seldom all that was done. Once the account is
// restrained, and again when access given out before has ended, the provider is
// asked for everything that the subject and the actor did since; what is
// sensitive stands on the hold as its children.

// maxChildren is how many children a hold keeps; the rest are counted.
const maxChildren = 200

// lookBack has it looked up, now and when access issued before has ended.
func (s *step) lookBack() {
	h := s.h()
	s.effect(Effect{Kind: EffectLookBack, Round: h.ContainRound})
	if h.EffectiveBy.After(s.now) {
		s.effect(Effect{Kind: EffectLookBack, Round: h.ContainRound, At: h.EffectiveBy})
	}
}

// lookedBack adds the children that are new. Whoever approved did not know of
// them, so that approvals are void.
func (s *step) lookedBack(f LookedBack) error {
	h := s.h()
	if h.Ended() {
		return Refuse(Conflict, "The hold is over.")
	}
	h.LookedBack, h.Unseen = s.now, f.Unseen
	s.unseen()
	news := 0
	children := slices.Clone(h.Children)
	for _, c := range f.Children {
		if !h.Has(c.ID) && !slices.ContainsFunc(children, func(o EventRef) bool { return o.ID == c.ID }) {
			children = append(children, c)
			news++
		}
	}
	if news == 0 {
		return nil
	}
	children = sorted(children)
	// What was left out comes again with each look; it is counted once.
	h.ChildrenMore = max(h.ChildrenMore, len(children)-maxChildren)
	kept := children[:min(len(children), maxChildren)]
	if slices.EqualFunc(kept, h.Children, func(a, b EventRef) bool { return a.ID == b.ID }) {
		return nil
	}
	h.Children = kept
	if h.liftBegun() {
		h.Version++ // it cannot be recalled; people see it all the same
	} else {
		s.changed()
	}
	s.page("more was done by the same people; the hold lists it")
	s.system("children.found", map[string]string{"new": plural(news, "change"), "all": plural(len(h.Children)+h.ChildrenMore, "change")})
	return nil
}

// unseen is a doubt for as long as nothing better is known.
func (s *step) unseen() {
	if why := s.h().Unseen; why != "" {
		s.doubt(why)
	}
}
