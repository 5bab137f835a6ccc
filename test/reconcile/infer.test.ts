import { expect, test } from 'vitest';
import type { Column } from '../../src/facts.ts';
import { inferColumns } from '../../src/reconcile/infer.ts';

function column(name: string, base = 'text', more: Partial<Column> = {}): Column {
  const plain = { notNull: false, hasDefault: false, default: null, identity: false, generated: false };
  return { name, type: base, base, ...plain, ...more };
}

const SOURCE = ['id', 'email', 'phone', 'created_at', 'raw_user_meta_data'].map((name) => column(name));

test('mail, phone, sign-up time, name and picture are taken where there is a column for them', () => {
  const target = [
    column('id', 'uuid'),
    column('email'),
    column('phone', 'character varying'),
    column('created_at', 'timestamp with time zone'),
    column('display_name'),
    column('avatar_url'),
    column('bio'),
    column('updated_at', 'timestamp with time zone'),
  ];
  expect(inferColumns(target, SOURCE, 'id')).toEqual({
    email: 'u.email',
    phone: 'u.phone',
    created_at: 'u.created_at',
    display_name:
      "coalesce(nullif(u.raw_user_meta_data->>'display_name', ''), nullif(u.raw_user_meta_data->>'full_name', ''), nullif(u.raw_user_meta_data->>'name', ''), split_part(u.email, '@', 1))",
    avatar_url:
      "coalesce(nullif(u.raw_user_meta_data->>'avatar_url', ''), nullif(u.raw_user_meta_data->>'picture', ''))",
  });
});

test('Prisma spells otherwise, and keeps UTC without saying so', () => {
  const target = [column('fullName'), column('createdAt', 'timestamp without time zone'), column('Email')];
  const inferred = inferColumns(target, SOURCE, 'id');
  expect(Object.keys(inferred)).toEqual(['fullName', 'createdAt', 'Email']);
  expect(inferred.createdAt).toBe("u.created_at at time zone 'UTC'");
});

test('a column that may not be NULL falls back to its own default', () => {
  const target = [
    column('email', 'text', { notNull: true, hasDefault: true, default: "''::text" }),
    column('created_at', 'timestamp without time zone', { notNull: true, hasDefault: true, default: 'now()' }),
    column('phone', 'text', { hasDefault: true, default: "''::text" }),
    column('name', 'text', { notNull: true }),
    // Cast to `character`, a name would be one letter long.
    column('full_name', 'character', { notNull: true, hasDefault: true, default: "'x'::bpchar" }),
  ];
  expect(inferColumns(target, SOURCE, 'id')).toMatchObject({
    email: "coalesce((u.email)::text, (''::text)::text)",
    created_at:
      "coalesce((u.created_at at time zone 'UTC')::timestamp without time zone, (now())::timestamp without time zone)",
    full_name: expect.stringMatching(/::text, \('x'::bpchar\)::text\)$/),
    phone: 'u.phone',
    name: expect.stringMatching(/^coalesce\(nullif\(u\.raw_user_meta_data/),
  });
});

test.each(['role', 'is_admin', 'permissions', 'plan', 'roles', 'tier', 'is_super_admin'])(
  '%s is never inferred',
  (name) => {
    expect(inferColumns([column(name)], [...SOURCE, column(name)], 'id')).toEqual({});
  },
);

test('generated and identity columns, the key, and columns of another type are left alone', () => {
  const target = [
    column('email', 'text', { generated: true }),
    column('phone', 'bigint'),
    column('created_at', 'date'),
    column('name', 'jsonb'),
    column('full_name', 'text', { identity: true }),
  ];
  expect(inferColumns(target, SOURCE, 'id')).toEqual({});
  expect(inferColumns([column('email')], SOURCE, 'email')).toEqual({});
});

test('what the source does not have is not taken from it', () => {
  const view = SOURCE.filter(({ name }) => name !== 'raw_user_meta_data');
  expect(inferColumns([column('email'), column('full_name')], view, 'id')).toEqual({ email: 'u.email' });
});
