/** The bundler turns style sheets into links; TypeScript only needs to know that they may be imported. */
declare module '*.css' {}
