/** Image names, moved to a registry that a cluster without the Internet can reach. */

/** `vllm/vllm-openai:v1` names Docker Hub; a first part with a dot, a colon or `localhost` names a registry. */
function withoutRegistry(image: string): string {
  const [first, ...rest] = image.split('/')
  if (rest.length === 0) return `library/${image}`
  return first !== undefined && (/[.:]/.test(first) || first === 'localhost') ? rest.join('/') : image
}

/** The same image in a mirror, which keeps everything behind the original's registry. */
export const mirrored = (image: string, registry: string | undefined): string =>
  registry === undefined ? image : `${registry}/${withoutRegistry(image)}`
