import type { Facts, RepairFunction, SourceTrigger, Trigger } from '../../src/facts.ts';

/** A trigger of the target that calls out of the database whenever a row is inserted. */
export const OUTWARD: Trigger = {
  name: 'welcome',
  function: 'public.welcome',
  timing: 'after',
  row: true,
  insert: true,
  update: false,
  enabled: true,
  outward: true,
  pathless: false,
};

/** The trigger that should have copied each sign-up, switched off. */
export const SWITCHED_OFF: SourceTrigger = {
  name: 'on_auth_user_created',
  function: 'public.handle_new_user',
  insert: true,
  update: false,
  enabled: false,
  conditional: false,
  outward: false,
  stock: false,
  secret: false,
  mentions: true,
  swallows: false,
  missing: [],
  lacking: [],
  invoker: false,
  pathless: false,
  lost: [],
  cures: { invoker: null, pathless: null },
  opaque: false,
  remake: null,
};

/** What inspect would tell of a plain auth.users and public.users. */
export function facts(
  change: { triggers?: Trigger[]; repairFunction?: RepairFunction; signUps?: SourceTrigger[] } = {},
): Facts & { target: NonNullable<Facts['target']> } {
  const relation = {
    kind: 'table' as const,
    columns: [],
    rls: 'on' as const,
    sight: { seen: true as const, through: 'role' as const },
  };
  return {
    server: { version: '17.6', database: 'app', inRecovery: false, readOnly: false },
    connection: {
      kind: 'direct',
      mode: 'session',
      tls: 'TLSv1.3',
      freeConnections: 50,
      timeouts: { statement: 0, idleSession: 0 },
    },
    role: { name: 'postgres', superuser: false, bypassRls: true },
    source: {
      ...relation,
      signUps: { table: 'auth.users', owned: true, triggers: change.signUps ?? [], strays: [] },
    },
    target: {
      ...relation,
      triggers: change.triggers ?? [],
      indexes: [],
      rules: [],
      partitionKey: [],
      closedSequences: [],
      checks: [],
      sourceForeignKeys: [],
      fkToSource: false,
    },
    key: { type: 'uuid', sqlType: 'uuid', oddRows: false },
    repairFunction: change.repairFunction ?? null,
    ours: { history: null, open: [] },
  };
}
