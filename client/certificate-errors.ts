/** What is wrong with a server's certificate, and what to do, in a sentence. */

const UNKNOWN_AUTHORITY = (url: string): string =>
  `the certificate of ${url} is signed by an authority that you do not trust here: another server may be answering in its place, or its authority is new; "scalarium login ${url}" shows the authority's fingerprint and asks`;

const SENTENCES: Readonly<Record<string, (url: string, detail: string) => string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_SIGNATURE_FAILURE: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: (url) =>
    `the certificate of ${url} has expired: renew it there (a control plane renews its own while it runs), and check this machine's clock`,
  CERT_NOT_YET_VALID: (url) => `the certificate of ${url} is not valid yet: check this machine's clock`,
  ERR_TLS_CERT_ALTNAME_INVALID: (url, detail) =>
    `the certificate of ${url} is for other names (${detail}): use one of those in the URL, or start the control plane with --advertise and this name`,
  ERR_SSL_WRONG_VERSION_NUMBER: (url) => `${url} speaks no TLS: use http:// in place of https://`,
  EPROTO: (url, detail) => `no TLS could be agreed on with ${url}: ${detail}`,
};

/** Null: it is no error of TLS. */
export const certificateSentence = (url: string, error: NodeJS.ErrnoException): string | null =>
  SENTENCES[error.code ?? '']?.(url, error.message.replace(/^.*altnames: /, '')) ?? null;
