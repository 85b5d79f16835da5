/** Colours for up to ten lines that are told apart, also by who does not see all colours (after Okabe and Ito 2008). */
const LIGHT = '#0072b2 #d55e00 #009e73 #b0468c #4a90d9 #b07d00 #5b4db1 #8c564b #6b7280 #0f8b8d'.split(' ');
const DARK = '#4fb3ff #ff9a4d #3ddba9 #f29ac6 #a5d3ff #f2c14e #b3a5ff #d6a392 #b6bcc6 #54d6d8'.split(' ');

export const lineColors = (dark: boolean): readonly string[] => (dark ? DARK : LIGHT);
