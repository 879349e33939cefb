"""A real browser, Chromium without a window, that opens a page as a person does: driven through Debian's selenium."""

import base64
import json
import shutil

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = None

MISSING = None
if webdriver is None:
    MISSING = "python3-selenium is not installed"
elif not shutil.which("chromedriver") or not shutil.which("chromium"):
    MISSING = "chromium and chromium-driver are not installed"


class Browser:
    """One window; what its pages ask the network for and complain of is kept until it is asked for."""

    def __init__(self):
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.binary_location = shutil.which("chromium")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        options.set_capability("unhandledPromptBehavior", "ignore")
        self.driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
        self.command("Emulation.setFocusEmulationEnabled", enabled=True)  # whichever window the system looks at
        self.resize(1100, 900)

    def close(self):
        self.driver.quit()

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def resize(self, width, height, phone=False):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def prefer(self, scheme):
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, path):
        self.driver.get_log("performance")
        self.driver.get_log("browser")
        self.driver.get(path.resolve().as_uri())

    def requests(self):
        """Addresses of everything that was asked for since open()."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def complaints(self):
        """Errors of scripts, and what the page's policy refused."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? null", selector)

    def count(self, selector):
        return self.run("return document.querySelectorAll(arguments[0]).length", selector)

    def click(self, selector):
        """Where the element is, as a finger does."""
        box = self.box(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.command("Input.dispatchMouseEvent", type=kind, x=box["x"] + box["width"] / 2,
                         y=box["y"] + box["height"] / 2, button="left", clickCount=1)

    def box(self, selector):
        return self.run("const e = document.querySelector(arguments[0]); e.scrollIntoView({block: 'center'});"
                        "const b = e.getBoundingClientRect(); return {x: b.x, y: b.y, width: b.width, height: b.height}",
                        selector)

    def point_at(self, x, y):
        self.command("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, key):
        code = {"Tab": 9, "End": 35, "Home": 36, "PageUp": 33, "PageDown": 34, "Escape": 27, " ": 32,
                "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}[key]
        for kind in ("keyDown", "keyUp"):
            text = {"text": " "} if key == " " and kind == "keyDown" else {}
            self.command("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text)

    def printed(self):
        return base64.b64decode(self.command("Page.printToPDF", printBackground=True)["data"])
