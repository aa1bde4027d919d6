"""The names of Chromium, and the screen sizes of tests."""

CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
# The same Chromium without tabs and windows, as Playwright brings it: less than half the work.
HEADLESS_CHROMIUM_NAMES = ["chromium-headless-shell", *CHROMIUM_NAMES]
SCREENS = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "desktop": {"viewport": {"width": 1280, "height": 800}},
}
