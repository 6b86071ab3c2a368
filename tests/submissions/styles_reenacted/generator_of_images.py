# An endless generator yields the image after every step; itertools takes fifty of them, and a deque of length 1 keeps
# the last. Everything right.
#
# /// label
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input((28, 28, 1)))
for name, n in {"conv2d": 8, "conv2d_1": 16, "conv2d_2": 24, "conv2d_3": 32}.items():
    model.add(layers.Conv2D(n, 3, padding="same", activation="gelu", name=name))
    if name != "conv2d_1":
        model.add(layers.AveragePooling2D(2, padding="same"))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=8, batch_size=20, verbose=2)

# %% ascent
from collections import deque
from itertools import islice

layer_name = "conv2d_3"
number_of_filters = 32

encode = keras.Model(model.inputs, model.get_layer(layer_name).output)


def ascent(image, k):
    """Yield better and better images."""
    while True:
        with tf.GradientTape() as tape:
            tape.watch(image)
            score = tf.reduce_mean(encode(image)[..., k])
        image = image + step_size * normalize(tape.gradient(score, image))
        yield image


def last(iterator):
    return deque(iterator, maxlen=1).pop()


def all_features():
    for k in range(number_of_filters):
        noise = tf.convert_to_tensor(np.random.uniform(size=(1, 28, 28, 1)), dtype="float32")
        yield last(islice(ascent(noise, k), gradient_updates)).numpy()


visualized_feature = list(all_features())

# %% plot
figure = plt.figure(figsize=(14, 7))
panels = (figure.add_subplot(4, 8, n) for n in range(1, number_of_filters + 1))
for n, (panel, image) in enumerate(zip(panels, visualized_feature)):
    panel.imshow(deprocess_image(np.copy(image))[0, ..., 0], cmap="gray")
    panel.set_title(f"feature {n}")
    panel.axis("off")
plt.show()
