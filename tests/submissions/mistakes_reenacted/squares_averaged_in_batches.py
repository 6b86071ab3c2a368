# Squares the activations before averaging, "so that negative ones count as well" (the layer is an elu). A batch of
# twelve images climbs at a time, and each is normalized by itself. Apart from the square, all is as asked.
#
# /// label
# objective = "fail"
#
# [feedback_mentions]
# objective = ["mean"]
#
# [causes]
# objective = "other_functional"
# ///

# %% cnn
def conv(width, number):
    suffix = f"_{number}" if number else ""
    return layers.Conv2D(width, 3, padding="same", activation="elu", name="conv2d" + suffix)


x_in = keras.Input((28, 28, 1))
hidden = conv(8, 0)(x_in)
hidden = layers.MaxPooling2D()(hidden)
hidden = conv(16, 1)(hidden)
hidden = conv(24, 2)(hidden)
hidden = layers.MaxPooling2D()(hidden)
hidden = conv(36, 3)(hidden)
hidden = layers.Flatten()(hidden)
hidden = layers.Dropout(0.25)(hidden)
x_out = layers.Dense(10, activation="softmax")(hidden)
model = keras.Model(inputs=x_in, outputs=x_out)

# %% train
model.compile(
    optimizer=keras.optimizers.Adam(0.0015), loss=keras.losses.CategoricalCrossentropy(), metrics=["accuracy"]
)
results = model.fit(x=x_train, y=y_train, epochs=6, batch_size=36, verbose=2)
print({key: round(values[-1], 3) for key, values in results.history.items()})

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 36
SIZE = 12  # images that climb together

trunk = keras.Model(x_in, model.get_layer(layer_name).output)


def rms_one(gradients):
    mean_square = tf.reduce_mean(gradients**2, axis=[1, 2, 3], keepdims=True)
    return gradients / (tf.sqrt(mean_square) + 1e-7)


visualized_feature = []
for low in range(0, number_of_filters, SIZE):
    channels = np.arange(low, low + SIZE)
    crowd = tf.Variable(np.random.random((SIZE, 28, 28, 1)).astype(np.float32))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            maps = trunk(crowd)
            power = tf.reduce_mean(tf.square(maps), axis=(1, 2))
            total = tf.reduce_sum(tf.gather(power, channels, axis=1, batch_dims=0) * tf.eye(SIZE))
        crowd.assign_add(step_size * rms_one(tape.gradient(total, crowd)))
    visualized_feature.extend(crowd.numpy())

# %% plot
figure = plt.figure(figsize=(10, 10.5))
for k in range(number_of_filters):
    figure.add_subplot(6, 6, k + 1, title=f"feature {k}", xticks=[], yticks=[])
    plt.imshow(deprocess_image(visualized_feature[k].copy())[..., 0], cmap="Greys_r")
plt.subplots_adjust(hspace=0.35)
plt.show()
