import type { Page } from 'playwright-core';

/** What a page must have for everybody, by hand: names, language, contrast, size of what is tapped, no sideways scroll. */
export interface PageChecks {
  readonly lang: string;
  readonly title: string;
  /** The lowest contrast of text against what is behind it. */
  readonly contrast: number;
  /** Height of the smallest button, in CSS pixels. */
  readonly buttonHeight: number;
  readonly scrollsSideways: boolean;
  readonly headings: readonly string[];
  /** Whether the page's own style was applied: a wrong hash in its policy would drop it. */
  readonly isStyled: boolean;
  readonly scripts: number;
}

/** Runs in the browser. */
export const checkPage = (page: Page): Promise<PageChecks> => page.evaluate(`(${inBrowser.toString()})()`);

function inBrowser(): PageChecks {
  const { document, getComputedStyle } = globalThis as unknown as BrowserWindow;
  const luminance = (color: string): number => {
    const parts = (color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
    const [red = 0, green = 0, blue = 0] = parts.map((part) => {
      const share = part / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element: BrowserElement | null): string => {
    if (element === null) return 'rgb(255, 255, 255)';
    const color = getComputedStyle(element).backgroundColor;
    return color === 'rgba(0, 0, 0, 0)' ? behind(element.parentElement) : color;
  };
  const all = [...document.querySelectorAll('body *')];
  const contrasts = all
    .filter(({ textContent }) => textContent?.trim() !== '')
    .map((element) => {
      const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
  const buttons = [...document.querySelectorAll('button')].map((button) => button.getBoundingClientRect().height);
  return {
    lang: document.documentElement.lang,
    title: document.title,
    contrast: Math.min(...contrasts),
    buttonHeight: Math.min(...buttons),
    scrollsSideways: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    headings: [...document.querySelectorAll('h1')].map(({ textContent }) => textContent ?? ''),
    isStyled: getComputedStyle(document.body).marginTop === '0px',
    scripts: document.querySelectorAll('script').length,
  };
}

/** As much of a browser as the check needs: the project's own types are of Node. */
interface BrowserElement {
  readonly textContent: string | null;
  readonly parentElement: BrowserElement | null;
  readonly lang: string;
  readonly scrollWidth: number;
  readonly clientWidth: number;
  getBoundingClientRect(): { readonly height: number };
}
interface BrowserWindow {
  readonly document: {
    readonly documentElement: BrowserElement;
    readonly body: BrowserElement;
    readonly title: string;
    querySelectorAll(selector: string): Iterable<BrowserElement> & { readonly length: number };
  };
  readonly getComputedStyle: (element: BrowserElement) => {
    readonly color: string;
    readonly backgroundColor: string;
    readonly marginTop: string;
  };
}
