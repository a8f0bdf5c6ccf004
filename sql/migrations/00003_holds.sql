-- +goose Up

-- Holds and everything that is said and done about them.

-- The document is the whole hold as it was last committed, without evidence and
-- decisions, which have rows of their own. The columns beside it are what
-- queries ask for and what the database itself checks.
CREATE TABLE holds (
    tenant_id        text NOT NULL,
    hold_id          uuid NOT NULL,
    connection_id    text NOT NULL,
    delivery_id      bigint,
    previous_id      uuid,
    revision         integer NOT NULL CHECK (revision > 0),
    version          integer NOT NULL CHECK (version > 0),
    round            integer NOT NULL CHECK (round >= 0),
    contain_round    integer NOT NULL CHECK (contain_round >= 0),
    class            text NOT NULL,
    tier             text NOT NULL CHECK (tier IN ('low', 'medium', 'high')),
    subject_id       text NOT NULL,
    subject_login    text NOT NULL DEFAULT '',
    owner_id         text NOT NULL DEFAULT '',
    state            text NOT NULL CHECK (state IN ('pending', 'approved', 'released', 'denied', 'reverted')),
    containment      text NOT NULL CHECK (containment IN ('none', 'requested', 'confirmed', 'failed', 'lifted')),
    standing         text NOT NULL CHECK (standing IN ('gated', 'contained', 'observed')),
    outcome          text NOT NULL DEFAULT '' CHECK (outcome IN ('', 'approve', 'deny', 'remove_access', 'restore')),
    escalations      integer NOT NULL DEFAULT 0,
    occurred_at      timestamptz NOT NULL,
    received_at      timestamptz NOT NULL,
    opened_at        timestamptz NOT NULL,
    not_me_at        timestamptz,
    restrained_at    timestamptz,
    read_back_at     timestamptz,
    release_after    timestamptz,
    release_begun_at timestamptz,
    restore_begun_at timestamptz,
    closed_at        timestamptz,
    due_at           timestamptz,
    document         jsonb NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT now(),
    -- An open hold takes further events of its account.
    open             boolean NOT NULL GENERATED ALWAYS AS
                         (state IN ('pending', 'approved', 'denied') AND release_begun_at IS NULL) STORED,
    -- A hold has ended when it takes only notes: released, or reverted with
    -- nothing of ours left to lift. A restraint that failed may have been half
    -- made, and what was made is given back like every other.
    ended            boolean NOT NULL GENERATED ALWAYS AS
                         (state = 'released' OR (state = 'reverted' AND containment IN ('none', 'lifted'))) STORED,
    -- The order of the queue: what the owner repudiated first, then by tier.
    urgency          smallint NOT NULL GENERATED ALWAYS AS
                         (CASE WHEN not_me_at IS NULL THEN 3 ELSE 0 END +
                          CASE tier WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END) STORED,
    -- When the sweep must look at a hold next that has not ended. People are
    -- reminded of an account that is still restrained after a revert, too.
    wake_at          timestamptz GENERATED ALWAYS AS
                         (CASE WHEN state = 'approved' AND release_begun_at IS NULL THEN least(due_at, release_after)
                               WHEN state = 'released' OR (state = 'reverted' AND containment IN ('none', 'lifted')) THEN NULL
                               ELSE due_at END) STORED,
    PRIMARY KEY (tenant_id, hold_id),
    CONSTRAINT holds_id_key UNIQUE (hold_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections,
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES deliveries (tenant_id, delivery_id),
    FOREIGN KEY (tenant_id, previous_id) REFERENCES holds (tenant_id, hold_id),
    CONSTRAINT holds_closed CHECK ((state IN ('released', 'reverted')) = (closed_at IS NOT NULL)),
    CONSTRAINT holds_confirmed CHECK (containment <> 'confirmed' OR read_back_at IS NOT NULL),
    CONSTRAINT holds_contained CHECK (standing <> 'contained' OR read_back_at IS NOT NULL)
);
-- One open hold per account: a second opening is a conflict, and means join.
CREATE UNIQUE INDEX holds_one_open ON holds (connection_id, subject_id) WHERE open;
CREATE INDEX holds_subject ON holds (tenant_id, connection_id, subject_id, opened_at DESC);
CREATE INDEX holds_login ON holds (tenant_id, subject_login);
CREATE INDEX holds_queue ON holds (tenant_id, urgency, opened_at, hold_id) WHERE NOT ended;
CREATE INDEX holds_ended ON holds (tenant_id, closed_at DESC, hold_id) WHERE ended;
CREATE INDEX holds_wake ON holds (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX holds_restrained ON holds (read_back_at) WHERE containment = 'confirmed' AND NOT ended;

-- What the policy said of an event, once per account it changes. An event that
-- names no account has one row with an empty subject.
CREATE TABLE event_verdicts (
    tenant_id     text NOT NULL,
    connection_id text NOT NULL,
    event_id      text NOT NULL,
    subject_id    text NOT NULL,
    class         text NOT NULL,
    verdict       text NOT NULL CHECK (verdict IN ('ignore', 'record', 'notify', 'hold')),
    reason        text NOT NULL DEFAULT '',
    rule          text NOT NULL DEFAULT '',
    hold_id       uuid,
    occurred_at   timestamptz NOT NULL,
    judged_at     timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, connection_id, event_id, subject_id),
    FOREIGN KEY (tenant_id, connection_id, event_id) REFERENCES events,
    FOREIGN KEY (tenant_id, hold_id) REFERENCES holds (tenant_id, hold_id)
);
CREATE INDEX event_verdicts_recent ON event_verdicts (tenant_id, connection_id, subject_id, occurred_at DESC);
CREATE INDEX event_verdicts_hold ON event_verdicts (tenant_id, hold_id) WHERE hold_id IS NOT NULL;

-- The record that a call to a provider is about to be made. attempt counts the
-- earlier ones that failed, so that one call has one row and a call that failed
-- may be announced again. tried_at is when a call was last about to leave: an
-- intent without it has changed nothing at the provider yet.
CREATE TABLE intents (
    tenant_id     text NOT NULL,
    intent_id     uuid NOT NULL,
    hold_id       uuid NOT NULL,
    connection_id text NOT NULL,
    purpose       text NOT NULL CHECK (purpose IN ('contain', 'lift', 'revert')),
    round         integer NOT NULL,
    action        text NOT NULL,
    account_id    text NOT NULL,
    object_id     text NOT NULL DEFAULT '',
    attempt       integer NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL,
    tried_at      timestamptz,
    seq           bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, intent_id),
    CONSTRAINT intents_id_key UNIQUE (intent_id),
    CONSTRAINT intents_once UNIQUE (tenant_id, hold_id, round, purpose, connection_id, action, account_id, object_id, attempt),
    FOREIGN KEY (tenant_id, hold_id) REFERENCES holds,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections
);
CREATE INDEX intents_echo ON intents (tenant_id, connection_id, account_id, action, created_at DESC);

-- What became of a call, once.
CREATE TABLE outcomes (
    tenant_id    text NOT NULL,
    intent_id    uuid NOT NULL,
    status       text NOT NULL CHECK (status IN ('applied', 'already', 'refused', 'gone', 'failed')),
    detail       text NOT NULL DEFAULT '',
    at           timestamptz NOT NULL,
    effective_by timestamptz,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT outcomes_once PRIMARY KEY (tenant_id, intent_id),
    FOREIGN KEY (tenant_id, intent_id) REFERENCES intents
);

-- Identity checks. The contact point that was called is sealed.
CREATE TABLE evidence (
    tenant_id    text NOT NULL,
    hold_id      uuid NOT NULL,
    evidence_id  text NOT NULL CHECK (evidence_id <> ''),
    kind         text NOT NULL CHECK (kind IN ('callback', 'live_session', 'manager', 'device', 'hr_record', 'in_person')),
    verifier_id  text NOT NULL CHECK (verifier_id <> ''),
    requester_id text NOT NULL,
    reference    text NOT NULL,
    point        bytea,
    on_file_at   timestamptz,
    confirmer_id text NOT NULL DEFAULT '',
    witness_id   text NOT NULL DEFAULT '',
    place        text NOT NULL DEFAULT '',
    note         text NOT NULL DEFAULT '',
    at           timestamptz NOT NULL,
    round        integer NOT NULL,
    version      integer NOT NULL,
    seq          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT evidence_once PRIMARY KEY (tenant_id, hold_id, evidence_id),
    FOREIGN KEY (tenant_id, hold_id) REFERENCES holds
);

-- Decisions of people. A person decides once per version and kind; void is the
-- only thing about a decision that ever changes.
CREATE TABLE decisions (
    tenant_id   text NOT NULL,
    hold_id     uuid NOT NULL,
    decision_id text NOT NULL CHECK (decision_id <> ''),
    kind        text NOT NULL CHECK (kind IN ('approve', 'deny', 'remove_access', 'restore')),
    approver_id text NOT NULL CHECK (approver_id <> ''),
    reason      text NOT NULL,
    version     integer NOT NULL,
    round       integer NOT NULL,
    at          timestamptz NOT NULL,
    void        boolean NOT NULL DEFAULT false,
    seq         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, hold_id, decision_id),
    CONSTRAINT decisions_once UNIQUE (tenant_id, hold_id, version, approver_id, kind),
    FOREIGN KEY (tenant_id, hold_id) REFERENCES holds
);

CREATE TABLE notes (
    tenant_id   text NOT NULL,
    hold_id     uuid NOT NULL,
    seq         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    by          text NOT NULL CHECK (by <> ''),
    text        text NOT NULL,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, hold_id, seq),
    FOREIGN KEY (tenant_id, hold_id) REFERENCES holds
);

-- Messages. The value of the contact point is sealed; point_key is its keyed
-- digest. occasion is empty for the owner, who hears of a version once at each
-- point; people on duty are paged once per escalation, containment and reason.
CREATE TABLE notices (
    tenant_id   text NOT NULL,
    notice_id   uuid NOT NULL,
    hold_id     uuid NOT NULL,
    version     integer NOT NULL,
    audience    text NOT NULL CHECK (audience IN ('owner', 'duty')),
    channel     text NOT NULL CHECK (channel <> ''),
    point_key   bytea NOT NULL,
    point       jsonb NOT NULL,
    point_value bytea NOT NULL,
    occasion    text NOT NULL DEFAULT '',
    why         text NOT NULL DEFAULT '',
    status      text NOT NULL CHECK (status IN ('queued', 'sending', 'accepted', 'delivered', 'failed')),
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz,
    tries       integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    used_at     timestamptz,
    seq         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, notice_id),
    CONSTRAINT notices_id_key UNIQUE (notice_id),
    CONSTRAINT notices_once UNIQUE (tenant_id, hold_id, version, audience, point_key, occasion),
    FOREIGN KEY (tenant_id, hold_id) REFERENCES holds
);

CREATE TABLE notice_attempts (
    tenant_id   text NOT NULL,
    notice_id   uuid NOT NULL,
    seq         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    status      text NOT NULL CHECK (status IN ('queued', 'sending', 'accepted', 'delivered', 'failed')),
    reference   text NOT NULL DEFAULT '',
    detail      text NOT NULL DEFAULT '',
    at          timestamptz NOT NULL,
    again       boolean NOT NULL DEFAULT false,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, notice_id, seq),
    FOREIGN KEY (tenant_id, notice_id) REFERENCES notices
);
