/** In this repository the packages are used from their sources, as its other examples do; an application of your own needs none of this. */
export default {
  distDir: 'dist',
  transpilePackages: ['@bud-foundry/core', '@bud-foundry/sim'],
  webpack: (config) => {
    config.resolve.conditionNames = ['bud-source', '...']
    return config
  },
}
