# Prepares the noise for the next filter at the end of the loop, but before the image is kept: what is
# appended is always the fresh noise, and the climbed image is thrown away.
#
# /// label
# ascent = "fail"
# objective = "fail"
# updates = ["fail", "pass", "review"]
#
# [feedback_mentions]
# ascent = ["noise"]
#
# [causes]
# ascent = "start_kept"
# objective = "start_kept"
# ///

# %% cnn
inp = keras.layers.Input((28, 28, 1))
net = layers.Conv2D(8, 3, padding="same", activation="elu", name="conv2d")(inp)
net = layers.MaxPool2D()(net)
net = layers.Conv2D(16, 3, padding="same", activation="elu", name="conv2d_1")(net)
net = layers.Conv2D(32, 3, padding="same", activation="elu", name="conv2d_2")(net)
net = layers.Conv2D(64, 3, padding="same", activation="elu", name="conv2d_3")(net)
net = layers.MaxPool2D()(net)
net = layers.Flatten()(net)
net = layers.Dense(10, activation="softmax")(net)
model = keras.Model(inp, net)

# %% train
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(1e-3), metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

sub_model = keras.Model(inp, model.get_layer(layer_name).output)


def noise():
    return tf.Variable(tf.random.uniform((1, 28, 28, 1)))


@tf.function
def direction(img, index):
    with tf.GradientTape() as tape:
        tape.watch(img)
        mean_activation = tf.reduce_mean(tf.gather(sub_model(img), index, axis=-1))
    return normalize(tape.gradient(mean_activation, img))


input_img = noise()
for filter_index in range(number_of_filters):
    for update in range(gradient_updates):
        input_img.assign_add(step_size * direction(tf.identity(input_img), tf.constant(filter_index)))
    input_img = noise()  # the next filter begins with new noise
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12))
for i in range(64):
    ax = axes[divmod(i, 8)]
    ax.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    ax.set_title("feature %d" % i)
    ax.axis("off")
figure.subplots_adjust(hspace=0.4)
plt.show()
