/** The error catalogue of the reference server. */
import { defineErrors } from '@bud-foundry/core'

export const serverErrors = defineErrors('SERVER', {
  PORT_TAKEN: {
    status: 500,
    retryable: false,
    message: ({ host, port }: { readonly host: string; readonly port: number }) =>
      `cannot listen on ${host}:${String(port)}: something else does already; stop it, or set BUD_PORT to another port (0 picks a free one)`,
  },
  ADDRESS_UNUSABLE: {
    status: 500,
    retryable: false,
    message: ({ host, port, reason }: { readonly host: string; readonly port: number; readonly reason: string }) =>
      `cannot listen on ${host}:${String(port)} (${reason}); set BUD_HOST and BUD_PORT to an address of this machine`,
  },
  DATA_DIRECTORY_LOCKED: {
    status: 500,
    retryable: false,
    message: ({ path }: { readonly path: string }) =>
      `data directory ${path} is in use by another server; stop that one, or set BUD_DATA_DIR to another directory`,
  },
  DATA_DIRECTORY_UNWRITABLE: {
    status: 500,
    retryable: false,
    message: ({ path, reason }: { readonly path: string; readonly reason: string }) =>
      `data directory ${path} cannot be written (${reason}); correct its permissions, or set BUD_DATA_DIR to another directory`,
  },
  DATA_DIRECTORY_NEWER: {
    status: 500,
    retryable: false,
    message: ({ path, found, supported }: { readonly path: string; readonly found: number; readonly supported: number }) =>
      `data directory ${path} has format ${String(found)}, this server knows up to ${String(supported)}; upgrade the server, or set BUD_DATA_DIR to another directory`,
  },
  DATA_DIRECTORY_FOREIGN: {
    status: 500,
    retryable: false,
    message: ({ path }: { readonly path: string }) =>
      `${path}/version.json is not one of ours; set BUD_DATA_DIR to an empty directory or to one that this server made`,
  },
  TWIN_FAILED: {
    status: 500,
    retryable: false,
    message: ({ replica, reason }: { readonly replica: number; readonly reason: string }) =>
      `engine twin ${String(replica)} did not start: ${reason}`,
  },
  KUBECONFIG_UNREADABLE: {
    status: 500,
    retryable: false,
    message: ({ path, reason }: { readonly path: string; readonly reason: string }) =>
      `kubeconfig ${path} cannot be read (${reason}); set BUD_KUBECONFIG to a file that can, or leave it out`,
  },
  DEMO_FULL: {
    status: 409,
    retryable: false,
    message: ({ deploymentsMax }: { readonly deploymentsMax: number }) =>
      `the demo cluster runs at most ${String(deploymentsMax)} deployments, as each starts processes on this machine; remove one first`,
  },
  SESSION_REFUSED: {
    status: 401,
    retryable: false,
    message: (_: { readonly reason: string }) => `sign in with an API key: send { "apiKey": "…" }`,
  },
  UNAUTHENTICATED: {
    status: 401,
    retryable: false,
    message: () => 'this route needs a key or a session; send "authorization: Bearer <key>"',
  },
  FORBIDDEN: {
    status: 403,
    retryable: false,
    message: ({ scope }: { readonly scope: string }) => `this key lacks the scope '${scope}'; use one that has it`,
  },
  CROSS_ORIGIN: {
    status: 403,
    retryable: false,
    message: ({ origin }: { readonly origin: string }) =>
      `a request from origin '${origin}' may not use the session of this page; send an API key instead`,
  },
  NOT_FOUND: {
    status: 404,
    retryable: false,
    message: ({ what }: { readonly what: string }) => `${what} does not exist`,
  },
  BODY_TOO_LARGE: {
    status: 413,
    retryable: false,
    message: ({ bytesMax }: { readonly bytesMax: number }) => `the request body is larger than ${String(bytesMax)} bytes; send less`,
  },
  BODY_INVALID: {
    status: 400,
    retryable: false,
    message: ({ reason }: { readonly reason: string }) => `the request body is not usable: ${reason}`,
  },
})
