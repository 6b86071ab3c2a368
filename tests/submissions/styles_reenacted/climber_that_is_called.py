# The ascent is a class whose objects are called: one Climber per filter, with its loss as a closure and the step as a
# functools.partial. Everything right.
#
# /// label
# ///

# %% cnn
import functools

conv = functools.partial(layers.Conv2D, padding="same", activation="relu")
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        conv(16, 3, name="conv2d"),
        layers.MaxPooling2D(),
        conv(16, 3, name="conv2d_1"),
        conv(32, 3, name="conv2d_2"),
        layers.MaxPooling2D(),
        conv(40, 3, name="conv2d_3"),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = model.get_layer(layer_name).filters


def response_of(network, index):
    def response(img):
        return tf.reduce_mean(network(img)[:, :, :, index])

    return response


class Climber:
    """Call it with an image, get the image after some steps uphill."""

    def __init__(self, objective, updates, size):
        self.objective = objective
        self.updates = updates
        self.size = size
        self.height = []

    def __call__(self, img):
        for _ in range(self.updates):
            img = self._step(img)
        return img

    def _step(self, img):
        with tf.GradientTape() as tape:
            tape.watch(img)
            height = self.objective(img)
        self.height.append(float(height))
        return img + self.size * normalize(tape.gradient(height, img))


front = keras.Model(model.inputs, model.get_layer(layer_name).output)
new_climber = functools.partial(Climber, updates=gradient_updates, size=step_size)
climbers = [new_climber(response_of(front, i)) for i in range(number_of_filters)]
visualized_feature = [climber(tf.random.uniform((1, 28, 28, 1))).numpy() for climber in climbers]

# %% plot
figure, axes = plt.subplots(5, 8, figsize=(13, 9))
for i, (ax, img, climber) in enumerate(zip(axes.flat, visualized_feature, climbers)):
    ax.imshow(deprocess_image(img.copy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {i}", fontsize=8)
    ax.set_xlabel(f"{climber.height[0]:.2f} to {climber.height[-1]:.2f}", fontsize=6)
    ax.set_xticks([])
    ax.set_yticks([])
plt.show()
