# Two mistakes: only column 6 of the feature map counts in the loss; and the gradient is divided by its Euclidean
# norm instead of its root mean square, which makes a step 28 times too short.
#
# /// label
# objective = "fail"
# updates = ["fail", "partial"]
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["mean"]
# updates = ["root mean square"]
#
# [causes]
# objective = "one_row"
# updates = ["other_normalization", "other_step_size"]
# ///

# %% cnn
from functools import partial

Conv = partial(layers.Conv2D, kernel_size=3, padding="same", activation="relu")

model = keras.Sequential([keras.Input((28, 28, 1)), Conv(16, name="conv2d"), layers.MaxPool2D()])
for name, filters in (("conv2d_1", 24), ("conv2d_2", 24), ("conv2d_3", 40)):
    model.add(Conv(filters, name=name))
for last in (layers.MaxPool2D(), layers.Flatten(), layers.Dense(10, "softmax")):
    model.add(last)

# %% train
model.compile(optimizer=keras.optimizers.RMSprop(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=24, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 40
visualized_feature = []

Up = keras.Model(model.inputs[0], model.get_layer(layer_name).output)


def unit_length(g):
    return g / (tf.norm(g) + 1e-12)


def one_step(img, k):
    with tf.GradientTape() as tape:
        target = tf.math.reduce_mean(Up(img)[:, :, 6, k])
    img.assign_add(step_size * unit_length(tape.gradient(target, img)))
    return target


for k in range(number_of_filters):
    img = tf.Variable(tf.random.uniform(shape=(1, 28, 28, 1), minval=0, maxval=1))
    for _ in range(gradient_updates):
        one_step(img, k)
    visualized_feature.append(img.numpy())

# %% plot
figure = plt.figure(figsize=(14, 9))
spec = figure.add_gridspec(5, 8, hspace=0.4)
for k, img in enumerate(visualized_feature):
    panel = figure.add_subplot(spec[k // 8, k % 8])
    panel.set_title(f"feature {k}")
    panel.imshow(deprocess_image(img.copy())[0, :, :, 0], "gray")
    panel.axis(False)
plt.show()
