# The given cell was merged with the student's helper functions, with another way to write normalize, and
# deleted at its place. Nothing is lost.
#
# /// label
# [cells]
# insert = {helpers = "data"}
# delete = ["normalize"]
# ///

# %% helpers
gradient_updates, step_size = 50, 1.0


def normalize(gradient):
    # same as in the exercise: root mean square 1
    return gradient * tf.math.rsqrt(tf.reduce_mean(gradient**2) + KTF.epsilon() ** 2)


def noise():
    return tf.Variable(np.random.rand(1, 28, 28, 1).astype("float32"))

# %% cnn
conv_names = ["conv2d", "conv2d_1", "conv2d_2", "conv2d_3", "conv2d_4"]
conv_filters = [8, 12, 20, 30, 16]

flow = digits_in = layers.Input((28, 28, 1))
for filters, name in zip(conv_filters, conv_names):
    flow = layers.Conv2D(filters, 3, padding="same", name=name)(flow)
    flow = layers.ReLU()(flow)
    if name in ("conv2d", "conv2d_2"):
        flow = layers.MaxPooling2D()(flow)
flow = layers.Flatten()(flow)
flow = layers.Dense(10, activation="softmax")(flow)
model = keras.Model(digits_in, flow, name="five_convolutions")

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)
print("test:", dict(zip(("loss", "accuracy"), model.evaluate(x_test, y_test, verbose=0))))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 30
visualized_feature = []

part = keras.Model(digits_in, model.get_layer(layer_name).output)


def mean_activation(image, map_number):
    return tf.reduce_mean(part(image)[0, ..., map_number])


def climb(image, map_number):
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            height = mean_activation(image, map_number)
        image.assign_add(step_size * normalize(tape.gradient(height, image)))
    return image.numpy()


for map_number in range(number_of_filters):
    visualized_feature.append(climb(noise(), map_number))

# %% plot
def draw(images, rows, columns):
    fig = plt.figure(figsize=(1.5 * columns, 1.8 * rows))
    for place, image in enumerate(images, start=1):
        fig.add_subplot(rows, columns, place)
        plt.imshow(deprocess_image(image.copy())[0].squeeze(), cmap="gray")
        plt.title(f"feature {place - 1}")
        plt.axis("off")
    return fig


figure = draw(visualized_feature, 5, 6)
plt.show()
